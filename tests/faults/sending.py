"""A send to many people in batches of several sizes, watched while things break, and checked at the end."""

from collections.abc import Callable
from datetime import timedelta
from itertools import combinations

from amqp.exceptions import ChannelError
from celery import current_app
from django.utils import timezone

from mailer.delivery.evidence import LOOK_AGAIN, LOOKS, SAFE_WAIT, look_for_evidence
from mailer.delivery.models import Batch, Send, Submission
from mailer.delivery.plan import plan
from mailer.delivery.progress import Progress, progress
from mailer.delivery.settle import claim_limit, expire_claims
from mailer.delivery.start import send_of, start
from mailer.delivery.sweep import QUEUE, STALE_AFTER, sweep
from mailer.delivery.tasks import submit
from mailer.emulator.config import LOCAL_API_KEY
from mailer.sendgrid.client import SendGrid
from mailer.tracking.fold import fold_events
from tests.audit import audit
from tests.installation import Installation
from tests.newsroom import TOPICS, crowd, make_issue
from tests.tracking.state import changed_by_a_replay

PEOPLE = 2_000
BATCHES = 8
"""1,000 and 400 who get all stories, and 100 for each choice of one topic or two."""


class Sending:
    """A planned send to PEOPLE in BATCHES batches; the fewer of them are full, the sooner a test is done."""

    def __init__(self, installation: Installation, **fields: object) -> None:
        """Args: fields: of the issue."""
        self.installation = installation
        self.inbox = installation.inbox
        self.issue = make_issue(**fields)
        mailing_list = self.issue.newsletter.mailing_list
        people = crowd(mailing_list, 1_400)
        for topics in (*combinations(TOPICS, 1), *combinations(TOPICS, 2)):
            people += crowd(mailing_list, 100, topics=topics)
        self.people = sorted(person.email for person in people)
        self.send: Send = send_of(self.issue)
        planned = plan(self.send)
        assert (planned.recipients, planned.batches) == (PEOPLE, BATCHES)

    def start(self) -> None:
        start(self.send)

    def hand_out_again(self) -> int:
        """Let so much time pass that what was handed out counts as lost, and sweep. Returns how many batches."""
        long_ago = timezone.now() - timedelta(seconds=STALE_AFTER + 1)
        Batch.objects.filter(state="waiting").update(due_at=long_ago, queued_at=long_ago)
        return sweep()

    def deliver_twice(self, *batch_ids: int) -> None:
        """Put the tasks of these batches into the queue once more."""
        with current_app.connection_for_write() as queue:
            for batch_id in batch_ids:
                current_app.send_task(submit.name, (batch_id,), queue=QUEUE, connection=queue)

    @property
    def queued(self) -> int:
        """Tasks in the queue that no worker has taken."""
        with current_app.connection_for_read() as queue:
            try:
                return int(queue.channel().queue_declare(QUEUE, passive=True).message_count)
            except ChannelError:  # Redis knows no queue that is empty
                return 0

    def look(self) -> Progress:
        """Where the send stands. Whenever one looks, everybody is somewhere."""
        now = progress(self.send)
        assert now.adds_up, now
        return now

    def wait(self, condition: Callable[[Progress], bool], what: str) -> Progress:
        """Look again and again until the condition holds. Returns what it held of."""
        seen = []

        def holds() -> bool:
            seen[:] = [self.look()]
            return condition(seen[0])

        self.installation.wait(holds, what)
        return seen[0]

    def until_all_but(self, held: int) -> None:
        """Wait until all is out but the batches that somebody gone has claimed, so many."""
        self.wait(
            lambda now: now.waiting == now.in_flight and self.claimed == held,
            f"all but {held} batches are out",
        )

    @property
    def claimed(self) -> int:
        """Batches whose request is under way."""
        return Batch.objects.filter(send=self.send, state="submitting").count()

    @property
    def overdue(self) -> int:
        """Batches that were tried, wait, and could go."""
        waiting = Batch.objects.filter(send=self.send, state="waiting", attempts__gt=0)
        return waiting.filter(due_at__lt=timezone.now()).count()

    def until_nothing_waits(self) -> Progress:
        """Sweep as beat would, without the delays before a later try, until all is out or the send is paused."""

        def nothing_waits(_: Progress) -> bool:
            Batch.objects.filter(state="waiting").update(due_at=timezone.now())
            sweep()
            self.send.refresh_from_db()
            now = self.look()
            return now.waiting == 0 or (self.send.paused_at is not None and now.in_flight == 0)

        self.wait(nothing_waits, "nothing waits any more")
        return self.look()

    def expire_claims(self) -> int:
        """Let so much time pass that whoever holds a claim counts as gone. Returns how many batches are unknown now."""
        return expire_claims(timezone.now() + claim_limit() + timedelta(seconds=1))

    def settle_by_the_logs(self) -> None:
        """Look into the Email Logs as often as it takes to believe them."""
        client = SendGrid(LOCAL_API_KEY, self.inbox.url)
        moment = timezone.now() + SAFE_WAIT
        for _ in range(LOOKS):
            moment += LOOK_AGAIN + timedelta(seconds=1)
            look_for_evidence(client, moment)
        client.close()

    def settle_by_events(self) -> None:
        """Let SendGrid post what it knows to the site, and fold it as workers do."""
        self.inbox.call("POST", "world", {"paused": False})
        self.wait(lambda now: fold_events() == now.unknown == 0, "the events settle what is unknown")

    def check(self, rejected: int = 0) -> None:
        """Everybody has got it, once, but for so many whom SendGrid rejects; and the ledger says of each what is true."""
        now = self.look()
        assert (now.accepted, now.rejected, now.waiting, now.unknown) == (PEOPLE - rejected, rejected, 0, 0)
        messages = self.inbox.messages()
        found = audit([self.send], messages)
        assert found.clean, found
        got = sorted(message["to"] for message in messages)
        assert got == self.people if not rejected else set(got) < set(self.people)
        assert len(got) == PEOPLE - rejected
        assert Submission.objects.filter(batch__send=self.send, outcome=None).count() == 0
        self.installation.wait(_replay_changes_nothing, "no events come in during a replay")


def _replay_changes_nothing() -> bool:
    changed = changed_by_a_replay()
    assert not changed, changed
    return changed is not None
