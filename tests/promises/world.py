"""An issue with its readers and sends, in a database that forgets it, and time that passes."""

import os
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import redis
from django.db import connection, transaction
from django.db.models import DateTimeField, F, QuerySet
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from mailer.delivery.models import Batch, Send, Submission
from mailer.delivery.plan import plan
from mailer.delivery.schedule import Schedule
from mailer.delivery.start import AlreadyStarted, send_of, start
from mailer.delivery.sweep import QUEUE
from mailer.delivery.variants import ABTest
from mailer.issues.models import Issue, Newsletter
from subscribers.models import Subscriber, Subscription, Topic
from tests.delivery.settled import become
from tests.delivery.turns import out_of_turn
from tests.newsroom import make_issue, next_issue, subscribe
from tests.promises.account import Account
from tests.promises.acting import SELDOM, dying
from tests.promises.ledger import Planned, hold, obeys_cadence, rows_of

BATCH_SIZE = 2
FIRST_ID = 1_000_001
TESTED = ABTest((("Another subject", ""),), share=50, minutes=60)
SCHEDULES: dict[str, Callable[[datetime], Schedule]] = {
    "at once": lambda _: Schedule(),
    "in an hour": lambda now: Schedule(at=now + timedelta(hours=1)),
    "at local time": lambda now: Schedule(
        local=(now + timedelta(hours=26)).replace(tzinfo=None, second=0, microsecond=0)
    ),
}
CADENCES = st.lists(st.sampled_from(["every", "every", "second", "monthly"]), min_size=7, max_size=7)
LAST_ISSUE = st.sampled_from([timedelta(days=7), timedelta(days=35), None])
"""How long ago the issue before went out, if there was one."""
WHEN = st.sampled_from(["at once"] * 5 + ["in an hour", "at local time"])


class World(RuleBasedStateMachine):
    """An example is one transaction, with a savepoint for each of the system's own; in the end it is undone."""

    def __init__(self) -> None:
        super().__init__()
        self._example = transaction.atomic()
        self._example.__enter__()
        self.account = Account()
        self.planned: dict[int, Planned] = {}
        self.recorded: set[UUID] = set()
        self.queue = redis.Redis.from_url(os.environ["REDIS_URL"])
        self.queue.delete(QUEUE)
        # Whom a test takes hangs on these, and would be others each time.
        with connection.cursor() as cursor:
            for table in ("issues_issue", "subscribers_subscriber"):
                cursor.execute(f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH {FIRST_ID}")

    def teardown(self) -> None:
        """Where everything held, it must also come to rest."""
        try:
            if sys.exc_info()[0] is None:
                self.rest()
        finally:
            transaction.set_rollback(True)
            self._example.__exit__(None, None, None)
            self.queue.delete(QUEUE)
            self.queue.close()

    def rest(self) -> None:
        """See machine.py."""
        raise NotImplementedError

    @invariant()
    def the_promises_hold(self) -> None:
        hold(self.sends, self.planned, self.account, self.recorded)

    @initialize(
        tested=SELDOM, when=WHEN, waits=SELDOM, slowly=SELDOM, cadences=CADENCES, last_issue=LAST_ISSUE
    )
    def publish(
        self,
        tested: bool,
        when: str,
        waits: bool,
        slowly: bool,
        cadences: list[str],
        last_issue: timedelta | None,
    ) -> None:
        """An issue and readers of every kind; mostly its send begins."""
        earlier = make_issue(("ai", "policy"))
        self.issue = next_issue(earlier, subject=earlier.subject)
        if slowly:
            Newsletter.objects.update(domain_ceilings={"slow.example.com": 1})
        self.list = self.issue.newsletter.mailing_list
        self.readers = [
            *subscribe(self.list, "Anna@example.org", "ben@example.org", "chen@example.org"),
            *subscribe(self.list, "dora@slow.example.com", "emil@slow.example.com"),
            *subscribe(self.list, "fatima@example.org", topics=["ai"]),
            *subscribe(self.list, "gita@example.org", state="pending"),
        ]
        for reader, cadence in zip(self.readers, cadences, strict=True):
            Subscription.objects.filter(subscriber=reader).update(cadence=cadence)
        if last_issue:
            self._send_out(earlier, timezone.now() - last_issue)
        self.topics = sorted(Topic.objects.filter(slug__in=["ai", "policy"]).values_list("id", flat=True))
        if not waits:
            self.arrange(tested, when)
            self.begin(dies=False)

    def _send_out(self, issue: Issue, at: datetime) -> None:
        """An issue that is over."""
        send = send_of(issue, Schedule(at=at))
        plan(send)
        start(send)
        become(send.batches, "accepted")

    @property
    def sends(self) -> QuerySet[Send]:
        return Send.objects.filter(issue=self.issue).order_by("id")

    def arrange(self, tested: bool, when: str) -> None:
        """The issue is triggered, perhaps in another way than before."""
        try:
            send_of(self.issue, SCHEDULES[when](timezone.now()), TESTED if tested else None)
        except AlreadyStarted:
            assert self.sends.exclude(started_at=None).exists()

    def begin(self, dies: bool) -> None:
        """Plan and start the newest send, whatever was done of it before."""
        if send := self.sends.last():
            on_list = frozenset(Subscription.objects.values_list("subscriber", flat=True))
            was_planned = send.planned_at is not None
            expected = out_of_turn(send)
            with dying(dies):
                plan(send)
            if dies:
                return
            if not was_planned:
                assert all(batch.size <= BATCH_SIZE for batch in Batch.objects.filter(send=send))
                obeys_cadence(send, expected)
                self.planned[send.pk] = Planned(on_list, rows_of([send])[send.pk].cut)
            start(send)

    def time_passes(self, span: timedelta) -> None:
        """Everything that the ledger, the list and SendGrid hold is older by so much."""
        if span:
            for model in (Send, Batch, Submission, Subscriber):
                moments = [field.name for field in model._meta.fields if isinstance(field, DateTimeField)]
                model.objects.update(**{name: F(name) - span for name in moments})
            self.account.pass_time(span)
