"""The workers, the queue between them and the sweeper, and whoever looks for evidence of what is unknown."""

import base64
from collections.abc import Sequence
from datetime import timedelta
from io import StringIO

import orjson
from django.core.management import call_command
from django.utils import timezone
from hypothesis import strategies as st

from mailer.delivery.claim import Claim, claim
from mailer.delivery.evidence import look_for_evidence
from mailer.delivery.models import Batch, Submission
from mailer.delivery.record import record
from mailer.delivery.settle import expire_claims
from mailer.delivery.sweep import QUEUE, sweep
from mailer.delivery.unknown import unknown
from mailer.sendgrid.answer import Answer
from mailer.sendgrid.outcome import classify
from tests.promises.account import TURNS, turn
from tests.promises.acting import SELDOM, WHICH, act, dying, one_of
from tests.promises.ledger import states, stopped
from tests.promises.world import World

SHOWN_AFTER = st.sampled_from([timedelta(), timedelta(minutes=6), timedelta(minutes=24)])
"""Until when the logs may not show what was accepted; what they show later than that, no look can know."""
LATE = st.sampled_from([False, False, True])
LOOKS = st.sampled_from([3, 3, 1, 0])
SPAN = st.sampled_from([timedelta(), timedelta(minutes=3), timedelta(minutes=61), timedelta(hours=5)])


class Workers(World):
    """What mailer.delivery.submit does is done here step by step, with SendGrid in the place of the request."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[int] = []  # batches that workers took from the queue
        self.held: list[tuple[Claim, Answer]] = []  # answers whose workers have not recorded them yet

    @act(
        often=9,
        turns=st.lists(st.tuples(st.sampled_from(TURNS), LATE), min_size=1, max_size=5),
        which=WHICH,
        shown_after=SHOWN_AFTER,
        span=SPAN,
    )
    def work(
        self, turns: Sequence[tuple[str, bool]], which: int, shown_after: timedelta, span: timedelta
    ) -> None:
        """After a while workers submit some of what is due."""
        self.time_passes(span)
        self.hand_out()
        for kind, late in turns:
            if self.taken:
                self.submit(self.taken.pop(which % len(self.taken)), kind, which, shown_after, late)

    @act(often=2)
    def work_off(self) -> None:
        """Workers submit all that is due."""
        self.hand_out()
        while self.taken:
            self.submit(self.taken.pop(), "accepted")

    @act(often=2, which=WHICH, kind=st.sampled_from(TURNS), shown_after=SHOWN_AFTER, dies=SELDOM)
    def submit_any(self, which: int, kind: str, shown_after: timedelta, dies: bool) -> None:
        """A worker is told of a batch, whatever its state."""
        if batch := one_of(Batch.objects.order_by("id"), which):
            self.submit(batch.pk, kind, which, shown_after, dies=dies)

    @act(often=4, which=WHICH, dies=SELDOM)
    def answer_late(self, which: int, dies: bool) -> None:
        """A slow worker records what it heard, if there is one."""
        if self.held:
            self._record(*self.held.pop(which % len(self.held)), dies=dies)

    @act()
    def hand_out(self) -> None:
        """Sweep, and take what is in the queue."""
        sweep()
        with self.queue.pipeline() as together:
            raw, _ = together.lrange(QUEUE, 0, -1).delete(QUEUE).execute()
        for message in reversed(raw):
            (batch_id,), _, _ = orjson.loads(base64.b64decode(orjson.loads(message)["body"]))
            self.taken.append(batch_id)

    @act(twice=st.booleans())
    def change_the_queue(self, twice: bool) -> None:
        """The queue delivers everything twice, or is emptied."""
        self.taken = self.taken * 2 if twice else []
        self.queue.delete(QUEUE)

    @act(often=6, span=SPAN, looks=LOOKS, is_down=SELDOM, which=WHICH, meanwhile=SELDOM)
    def find_out(self, span: timedelta, looks: int, is_down: bool, which: int, meanwhile: bool) -> None:
        """After a while look into the logs; meanwhile a slow worker may record its answer. Without looks a person
        decides, who has seen what became of it."""
        self.time_passes(span)
        expire_claims()
        if not looks and (submission := one_of(unknown(), which)):
            self.decide(submission)
        self.account.is_down = is_down
        self.account.meanwhile = (lambda: self.answer_late(which, dies=False)) if meanwhile else None
        for _ in range(looks):
            look_for_evidence(self.account)
            self.time_passes(timedelta(minutes=11))
        self.account.is_down, self.account.meanwhile = False, None

    def decide(self, submission: Submission) -> None:
        """A person settles a submission."""
        decision = "--accepted" if str(submission.pk) in self.account.accepted else "--send-again"
        call_command("settle", str(submission.pk), decision, "--because", "seen", stdout=StringIO())

    def submit(
        self,
        batch_id: int,
        kind: str,
        which: int = 0,
        shown_after: timedelta = timedelta(),
        late: bool = False,
        dies: bool = False,
    ) -> None:
        """A worker's task. Promises 1 and 4 at the moment when the request leaves.

        Args:
            kind: the turn that the request takes, one of TURNS.
            which: the recipient that a 400 names.
            shown_after: how long the logs do not show it.
            late: the answer is held back, to be recorded at some other time.
            dies: the worker is killed before its claim is committed.
        """
        batch = Batch.objects.select_related("send", "edition").filter(pk=batch_id).first()
        nothing_for = stopped(self.list.pk)
        with dying(dies):
            claimed = claim(batch_id)
        if dies or claimed is None:
            return
        assert batch is not None
        _might_go(batch)
        request = orjson.loads(claimed.body)
        people = [int(part["custom_args"]["mailer_subscriber"]) for part in request["personalizations"]]
        assert people == list(claimed.subscriber_ids)
        assert not nothing_for.intersection(people), "promise 4: in a request, though they get nothing"
        assert not self.account.got().keys() & set(people), "promise 1: in a request, though they have it"
        taken = turn(kind, which % len(people), timezone.now())
        if taken.accepted:
            self.account.take(claimed.body, shown_after)
        if taken.answer and late:
            self.held.append((claimed, taken.answer))
        elif taken.answer:
            self._record(claimed, taken.answer)

    def _record(self, claimed: Claim, answer: Answer, dies: bool = False) -> None:
        """Record an answer, or die of it, and record it once more: that changes nothing."""
        before = states()
        with dying(dies):
            done = record(claimed, classify(answer), answer.status)
        if done and not dies:
            self.recorded.add(claimed.submission_id)
            before = states()
            record(claimed, classify(answer), answer.status)
        assert states() == before, "an answer that was not to be recorded changes something"


def _might_go(batch: Batch) -> None:
    """Whether a batch, as it was before, might be claimed."""
    assert (batch.state, batch.due_at <= timezone.now()) == ("waiting", True)
    assert batch.send.started_at
    assert (batch.send.paused_at, batch.send.cancelled_at) == (None, None)
    if batch.send.test_share is not None and not batch.in_test:
        assert batch.edition.variant == batch.send.winner
