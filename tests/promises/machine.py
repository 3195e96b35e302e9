"""Every act of delivery in any order, with the six promises held after each.

The machine plays the workers, one transaction after the other, and SendGrid (account.py); everything else is real.
"""

import base64
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import orjson
import redis
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import DateTimeField, F, QuerySet
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mailer.delivery.claim import Claim, claim
from mailer.delivery.evidence import look_for_evidence
from mailer.delivery.guard import watch
from mailer.delivery.models import Batch, Send, Submission
from mailer.delivery.plan import plan
from mailer.delivery.progress import progress
from mailer.delivery.record import record
from mailer.delivery.schedule import Schedule
from mailer.delivery.settle import expire_claims
from mailer.delivery.start import AlreadyStarted, NotOver, again, discard, send_of, start
from mailer.delivery.steer import cancel, pause, resume
from mailer.delivery.sweep import QUEUE, sweep
from mailer.delivery.variants import ABTest
from mailer.delivery.winner import decide_due
from mailer.issues.models import Newsletter
from mailer.sendgrid.answer import Answer
from mailer.sendgrid.outcome import classify
from mailer.tracking.fold import fold_events
from mailer.tracking.models import Event
from mailer.tracking.replay import rebuild
from subscribers.importing import import_file
from subscribers.leaving import leave
from subscribers.models import Consent, Subscriber, Subscription, Suppression, Topic
from subscribers.returning import come_back
from tests.newsroom import make_issue, subscribe
from tests.promises.account import TURNS, Account, turn
from tests.promises.ledger import Planned, figures, hold, rows_of, states, stopped
from tests.tracking.posts import post, public, webhook_keys

Thing = TypeVar("Thing")
WHICH = st.integers(0, 9)
"""One of several things, counted round."""
SHOWN_AFTER = st.sampled_from([timedelta(), timedelta(minutes=6), timedelta(minutes=24)])
"""Until when the logs may not show what was accepted; what they show later than that, no look can know."""
SELDOM = st.sampled_from([False, False, False, False, True])
KINDS = (
    *("processed", "deferred", "delivered", "open", "click", "blocked", "dropped", "bounce"),
    *("spamreport", "unsubscribe", "group_unsubscribe"),
)
SUPPRESSED_FOR = {"spamreport": "complaint", "unsubscribe": "unsubscribe"}
TESTED = ABTest((("Another subject", ""),), share=50, minutes=60)
WHEN: dict[str, Callable[[datetime], Schedule]] = {
    "at once": lambda _: Schedule(),
    "in an hour": lambda now: Schedule(at=now + timedelta(hours=1)),
    "at local time": lambda now: Schedule(
        local=(now + timedelta(hours=26)).replace(tzinfo=None, second=0, microsecond=0)
    ),
}
WHENS = ("at once", "at once", "at once", "at once", "at once", "in an hour", "at local time")
BATCH_SIZE = 2
MOST_SENDS, MOST_READERS = 4, 10
FIRST_ID = 1_000_001
ROUNDS = 60
"""Within so many, with time passing between them, everything comes to rest."""


class Crash(Exception):
    """A process dies before it commits."""


@contextmanager
def dying(dies: bool) -> Iterator[None]:
    """Undo what happens inside if the process dies, as the database does."""
    with suppress(Crash), transaction.atomic():
        yield
        if dies:
            raise Crash


@contextmanager
def own_transaction() -> Iterator[None]:
    """The whole example is one transaction: what vanishes with an act's own, vanishes here."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS zone, import_staged, import_repeated, import_incoming")


_arguments: dict[str, st.SearchStrategy[dict[str, Any]]] = {}
_names: list[str] = []
Method = TypeVar("Method", bound=Callable[..., None])


def act(often: int = 1, **arguments: st.SearchStrategy[Any]) -> Callable[[Method], Method]:
    """An act that the machine may draw, so often as against the others.

    They are no rules each: Hypothesis leaves out about half of the rules of a machine in each example, and a send
    needs nearly all of these to get anywhere.
    """

    def register(method: Method) -> Method:
        _names.extend([method.__name__] * often)
        _arguments[method.__name__] = st.fixed_dictionaries(arguments)
        return method

    return register


class Promises(RuleBasedStateMachine):
    """One issue, its sends and its readers."""

    def __init__(self) -> None:
        super().__init__()
        self._example = transaction.atomic()
        self._example.__enter__()
        self.account = Account()
        self.planned: dict[int, Planned] = {}
        self.taken: list[int] = []  # batches that workers took from the queue
        self.held: list[tuple[Claim, Answer]] = []  # answers whose workers have not recorded them yet
        self.folded: set[int] = set()
        self.queue = redis.Redis.from_url(os.environ["REDIS_URL"])
        self.queue.delete(QUEUE)
        # The share of a test hangs on these, and would be another one each time.
        with connection.cursor() as cursor:
            for table in ("issues_issue", "subscribers_subscriber"):
                cursor.execute(f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH {FIRST_ID}")

    def teardown(self) -> None:
        """Whatever held so far must also come to rest. Then nothing is left of the example."""
        try:
            if sys.exc_info()[0] is None:
                self.rest()
        finally:
            transaction.set_rollback(True)
            self._example.__exit__(None, None, None)
            self.queue.delete(QUEUE)
            self.queue.close()

    @invariant()
    def the_promises_hold(self) -> None:
        hold(self.sends, self.planned, self.account)

    @initialize(tested=SELDOM, when=st.sampled_from(WHENS), waits=SELDOM, slowly=SELDOM)
    def publish(self, tested: bool, when: str, waits: bool, slowly: bool) -> None:
        """An issue, and readers of every kind."""
        self.issue = make_issue(("ai", "policy"))
        if slowly:
            Newsletter.objects.update(domain_ceilings={"slow.example.com": 1})
        self.list = self.issue.newsletter.mailing_list
        self.readers = [
            *subscribe(self.list, "Anna@example.org", "ben@example.org", "chen@example.org"),
            *subscribe(self.list, "dora@slow.example.com", "emil@slow.example.com"),
            *subscribe(self.list, "gita@example.org", topics=["ai"]),
            *subscribe(self.list, "fatima@example.org", state="pending"),
        ]
        self.topics = sorted(Topic.objects.filter(slug__in=["ai", "policy"]).values_list("id", flat=True))
        if not waits:
            self.arrange(tested, when)
            self.begin(dies=False)

    # The workers

    @act(
        often=8,
        turns=st.lists(st.tuples(st.sampled_from(TURNS), SELDOM), min_size=1, max_size=5),
        which=WHICH,
        shown_after=SHOWN_AFTER,
        span=st.sampled_from([timedelta(), timedelta(minutes=2), timedelta(minutes=61)]),
        answers=st.integers(0, 2),
        dies=SELDOM,
    )
    def work(
        self,
        turns: Sequence[tuple[str, bool]],
        which: int,
        shown_after: timedelta,
        span: timedelta,
        answers: int,
        dies: bool,
    ) -> None:
        """After a while slow workers record what they heard, or die of it, and others submit some of what is due."""
        self.time_passes(span)
        for _ in range(answers):
            self.answer_late(which, dies)
        self.hand_out()
        for kind, late in turns:
            if self.taken:
                self._submit(self.taken.pop(which % len(self.taken)), kind, which, shown_after, late)

    @act(often=2)
    def work_off(self) -> None:
        """Workers submit all that is due."""
        self.hand_out()
        while self.taken:
            self._submit(self.taken.pop(), "accepted")

    @act()
    def hand_out(self) -> None:
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

    @act(often=3, which=WHICH, kind=st.sampled_from(TURNS), shown_after=SHOWN_AFTER, dies=SELDOM)
    def submit_any(self, which: int, kind: str, shown_after: timedelta, dies: bool) -> None:
        """A worker is told of a batch, whatever its state."""
        if batch := one_of(Batch.objects.order_by("id"), which):
            self._submit(batch.pk, kind, which, shown_after, dies=dies)

    def answer_late(self, which: int, dies: bool) -> None:
        """A slow worker records what it heard, if there is one."""
        if self.held:
            claimed, answer = self.held.pop(which % len(self.held))
            with dying(dies):
                self._record(claimed, answer)

    def _submit(
        self,
        batch_id: int,
        kind: str,
        which: int = 0,
        shown_after: timedelta = timedelta(),
        late: bool = False,
        dies: bool = False,
    ) -> None:
        """What mailer.delivery.submit does, with the machine's own SendGrid in the place of the request."""
        batch = Batch.objects.select_related("send", "edition").filter(pk=batch_id).first()
        nothing_for = stopped(self.list.pk)
        with dying(dies):
            claimed = claim(batch_id)
        if dies or claimed is None:
            return
        assert batch is not None
        assert (batch.state, batch.due_at <= timezone.now()) == ("waiting", True)
        assert batch.send.started_at
        assert (batch.send.paused_at, batch.send.cancelled_at) == (None, None)
        if batch.send.test_share is not None and not batch.in_test:
            assert batch.edition.variant == batch.send.winner
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

    def _record(self, claimed: Claim, answer: Answer) -> None:
        record(claimed, classify(answer), answer.status)
        before = states()
        record(claimed, classify(answer), answer.status)
        assert states() == before, "an answer that is recorded twice changes something"

    # The send

    @act(tested=SELDOM, when=st.sampled_from(WHENS))
    def arrange(self, tested: bool, when: str) -> None:
        """The issue is triggered, perhaps in another way than before."""
        if self.sends.count() < MOST_SENDS:
            with suppress(AlreadyStarted):
                send_of(self.issue, WHEN[when](timezone.now()), TESTED if tested else None)

    @act(often=3)
    def send_again(self) -> None:
        """To those who have not got it."""
        if self.sends.count() < MOST_SENDS:
            with suppress(NotOver):
                again(self.issue)
                self.begin(dies=False)

    @act(often=3, dies=SELDOM)
    def begin(self, dies: bool) -> None:
        """Plan and start the newest send, whatever was done of it before."""
        if send := self.sends.last():
            on_list = frozenset(Subscription.objects.values_list("subscriber", flat=True))
            was_planned = send.planned_at is not None
            with dying(dies), own_transaction():
                plan(send)
            if not dies:
                if not was_planned:
                    assert all(batch.size <= BATCH_SIZE for batch in Batch.objects.filter(send=send))
                    self.planned[send.pk] = Planned(on_list, rows_of([send])[send.pk].cut)
                start(send)

    @act(which=WHICH)
    def give_up(self, which: int) -> None:
        """A send that was not started is forgotten; one that was stays."""
        if send := one_of(self.sends, which):
            assert discard(send) == (send.started_at is None)

    @act(often=2, which=WHICH, how=st.sampled_from(["resume", "resume", "pause", "cancel"]))
    def steer(self, which: int, how: str) -> None:
        """One is paused or cancelled, or all that are paused go on."""
        send = one_of(self.sends, which)
        match send and how:
            case "pause":
                pause(send.pk, "wait")
            case "cancel":
                cancel(send.pk, "a wrong picture")
            case "resume":
                self.resume_all()

    def resume_all(self) -> None:
        for send in self.sends:
            resume(send.pk)

    @act()
    def tick(self) -> None:
        """What beat has done beside the sweep: tests that are over, sends that run past a limit."""
        decide_due()
        watch()

    # Evidence

    @act(
        often=5,
        span=st.sampled_from([timedelta(), timedelta(minutes=3), timedelta(minutes=11), timedelta(hours=5)]),
        looks=st.integers(0, 3),
        is_down=SELDOM,
        which=WHICH,
        meanwhile=st.booleans(),
    )
    def find_out(self, span: timedelta, looks: int, is_down: bool, which: int, meanwhile: bool) -> None:
        """After a while look for evidence; meanwhile a slow worker may record its answer. Without looks a person
        decides, who has seen what became of it."""
        self.time_passes(span)
        expire_claims()
        if not looks:
            self._decide(which)
        self.account.is_down = is_down
        if meanwhile:
            self.account.meanwhile = lambda: self.answer_late(which, dies=False)
        for _ in range(looks):
            look_for_evidence(self.account)
            self.time_passes(timedelta(minutes=11))
        self.account.is_down, self.account.meanwhile = False, None

    def time_passes(self, span: timedelta) -> None:
        """Everything that the ledger and SendGrid hold is older by so much."""
        if not span:
            return
        for model in (Send, Batch, Submission):
            moments = [field.name for field in model._meta.fields if isinstance(field, DateTimeField)]
            model.objects.update(**{name: F(name) - span for name in moments})
        self.account.pass_time(span)

    def _decide(self, which: int) -> None:
        unknown = Submission.objects.filter(batch__state="unknown", batch__submission_id=F("id"))
        if submission := one_of(unknown.order_by("started_at", "id"), which):
            decision = "--accepted" if str(submission.pk) in self.account.accepted else "--send-again"
            call_command("settle", str(submission.pk), decision, "--because", "seen", stdout=StringIO())

    # Events

    @act(
        often=4,
        told=st.lists(st.tuples(st.integers(0, 99), st.sampled_from(KINDS), SELDOM), min_size=1, max_size=4),
        repeated=st.sampled_from(["", "as it was", "with other ids"]),
        limit=st.sampled_from([0, 1, 3, 5_000]),
        dies=SELDOM,
    )
    def report(self, told: Sequence[tuple[int, str, bool]], repeated: str, limit: int, dies: bool) -> None:
        """SendGrid posts events, late ones among them, and perhaps posts them again. Some are folded."""
        # A minute ahead or long ago: what comes before what must not hang on fractions of a second.
        now = timezone.now() + timedelta(minutes=1)
        events = [
            self.account.event(one_of(self.account.messages, which), kind, now - timedelta(hours=late))
            for which, kind, late in told
            if self.account.messages
        ]
        again = [{**event, "sg_event_id": f"{event['sg_event_id']}-{repeated}"} for event in events]
        with webhook_keys(public()):
            assert post(events).status_code < 300
            if repeated:
                post(events if repeated == "as it was" else again)
        if limit:
            self.fold(limit, dies)

    def fold(self, limit: int, dies: bool) -> None:
        """Fold some events, or die of it."""
        with dying(dies):
            fold_events(limit)
        for event in Event.objects.exclude(folded_at=None).exclude(pk__in=self.folded):
            self.folded.add(event.pk)
            self._took_effect(event)

    @act()
    def replay(self) -> None:
        """Figures are the same when they are derived anew, and nothing else changes."""
        while Event.objects.filter(folded_at=None).exists():
            self.fold(5_000, dies=False)
        before = figures(), states()
        rebuild()
        assert (figures(), states()) == before, "promise 6: a replay gives other figures"

    def _took_effect(self, event: Event) -> None:
        """Promise 4 begins here: who said stop, or has no such address, is stopped."""
        who, address = int(event.payload["mailer_subscriber"]), event.payload["email"].lower()
        hard = event.kind == "bounce" and event.payload["type"] == "bounce"
        reason = "bounce" if hard else SUPPRESSED_FOR.get(event.kind)
        if reason:
            assert Suppression.objects.filter(address=address, reason=reason).exists(), "promise 4"
        if event.kind in ("unsubscribe", "group_unsubscribe"):
            returned = Consent.objects.filter(subscriber=who, action="signed_up", at__gt=event.at).exists()
            state = Subscription.objects.get(subscriber=who).state
            assert state == "unsubscribed" or returned, "promise 4"

    # The readers

    @act(
        often=2,
        which=WHICH,
        how=st.sampled_from(["leave", "come back", "suppress", "lift", "pause", "go on", "choose"]),
    )
    def change_a_reader(self, which: int, how: str) -> None:
        reader = one_of(self.readers, which)
        subscription = Subscription.objects.filter(subscriber=reader)
        send = one_of(self.sends, which)
        match how:
            case "leave":
                leave(self.list.pk, reader.pk, source="unsubscribe page", origin=send.pk if send else 0)
            case "come back":
                come_back(self.list.pk, reader.pk, source="preferences page")
            case "suppress":
                Suppression.objects.get_or_create(address=reader.email.lower(), reason="manual")
            case "lift":
                Suppression.objects.filter(address=reader.email.lower()).delete()
            case "pause":
                subscription.update(paused_until=date.today() + timedelta(days=3))
            case "go on":
                subscription.update(paused_until=None)
            case "choose":
                topics = self.topics[which % 2 :]
                Subscriber.objects.filter(pk=reader.pk).update(topic_ids=topics)

    @act()
    def join(self) -> None:
        if len(self.readers) < MOST_READERS:
            self.readers += subscribe(self.list, f"late{len(self.readers)}@example.org")

    @act()
    def bring_back(self) -> None:
        """An old file of all readers is imported once more: nobody who left is back by that."""
        before = list(Subscription.objects.order_by("id").values_list("subscriber", "state"))
        with TemporaryDirectory() as place, own_transaction():
            file = Path(place, "old.csv")
            file.write_text("\n".join(["email", *(reader.email.upper() for reader in self.readers)]))
            import_file(file, self.list, refused_path=Path(place, "refused.csv"), progress=lambda *_: None)
        assert list(Subscription.objects.order_by("id").values_list("subscriber", "state")) == before

    @rule(what=st.sampled_from(_names).flatmap(lambda name: st.tuples(st.just(name), _arguments[name])))
    def go_on(self, what: tuple[str, dict[str, Any]]) -> None:
        """One act."""
        name, arguments = what
        getattr(self, name)(**arguments)

    # The end

    def rest(self) -> None:
        """Whoever was to get it has got it, once; and whoever may get it and has not, gets it from a further send."""
        self._come_to_rest()
        for send in self.sends.exclude(started_at=None).filter(cancelled_at=None):
            rows = rows_of([send])[send.pk]
            to_get = self.planned[send.pk].candidates.difference(rows.excluded, rows.rejected)
            assert self.account.mailed(send.pk) == to_get, "lost: not everybody who was to get it has it"
        if not self.sends.exclude(started_at=None).exists():
            return
        while Event.objects.filter(folded_at=None).exists():
            self.fold(5_000, dies=False)
        newest = self.sends.last()
        if newest.started_at is None:
            discard(newest)
        again(self.issue)
        self.begin(dies=False)
        self._come_to_rest()
        may_get = {reader.pk for reader in self.readers} - stopped(self.list.pk)
        bounced = {message.subscriber for message in self.account.messages if message.fate == "bounce"}
        assert self.account.got().keys() >= may_get - bounced, "lost: not even a further send reached them"

    def _come_to_rest(self) -> None:
        """The system alone, with time, and a person who resumes what is paused."""
        started = self.sends.exclude(started_at=None)
        for _ in range(ROUNDS):
            self.resume_all()
            self.tick()
            expire_claims()
            look_for_evidence(self.account, limit=1_000)
            self.change_the_queue(twice=False)
            self.work_off()
            self.the_promises_hold()
            if all(progress(send).finished for send in started):
                return
            unsettled = Batch.objects.filter(state__in=["submitting", "unknown"]).exists()
            self.time_passes(timedelta(minutes=11) if unsettled else timedelta(days=1))
        raise AssertionError(f"not at rest: {[progress(send) for send in started]}")

    @property
    def sends(self) -> QuerySet[Send]:
        return Send.objects.filter(issue=self.issue).order_by("id")


def one_of(things: "Sequence[Thing] | QuerySet[Thing]", which: int) -> Thing | None:
    """The thing that a number stands for, None where there are none."""
    there_are = list(things)
    return there_are[which % len(there_are)] if there_are else None
