"""The sends of a soak: made, watched, and touched as editors do."""

import random
from collections.abc import Callable
from datetime import timedelta
from itertools import chain, combinations
from time import monotonic
from typing import TypeVar

from celery import current_app
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as QueueAway

from mailer.delivery.models import Batch, Send
from mailer.delivery.plan import plan
from mailer.delivery.progress import progress
from mailer.delivery.start import send_of, start
from mailer.delivery.steer import cancel, pause, resume
from mailer.delivery.sweep import QUEUE
from mailer.delivery.tasks import submit
from mailer.issues.models import Issue
from mailer.local.waiting import wait_until
from subscribers.models import Subscriber
from tests.newsroom import TOPICS, crowd, make_issue

CHOICES = tuple(chain.from_iterable(combinations(TOPICS, size) for size in range(len(TOPICS) + 1)))
SMALLEST, LARGEST = 5, 1_000
"""People who chose the same topics."""
AT_ONCE = 3
"""Sends under way."""
PAUSE = 3.0
"""Seconds until somebody resumes what is paused, whoever paused it."""
LIMIT = 120
"""Seconds that the database may be away."""

Found = TypeVar("Found")


def patiently(act: Callable[[], Found]) -> Found:
    """Do something with the database, again when it breaks: what is done twice must do no harm."""
    done: list[Found] = []

    def tried() -> bool:
        try:
            done.append(act())
        except (OperationalError, InterfaceError):
            connection.close()
            return False
        return True

    assert wait_until(tried, LIMIT), f"PostgreSQL was away for {LIMIT} seconds"
    return done[0]


class Sends:
    """All sends so far. `sizes` says to how many people each goes, by its id."""

    def __init__(self, draw: random.Random) -> None:
        self.sizes: dict[int, int] = {}
        self.open: list[Send] = []
        self.wrong: list[str] = []
        """Sends whose numbers did not add up at a look."""
        self.accepted = self.waiting = self.unknown = 0
        self._draw = draw
        self._finished = 0
        self._paused_since: dict[int, float] = {}

    def look(self) -> None:
        """See where those under way stand, and hold that nobody is missing."""
        self.waiting = self.unknown = 0
        moving, accepted = [], 0
        for send in self.open:
            now = patiently(lambda send=send: progress(send))
            if not now.adds_up:
                self.wrong.append(f"send {send.pk}: {now}")
            if now.finished:
                self._finished += now.accepted
            else:
                moving.append(send)
                accepted += now.accepted
                self.waiting += now.waiting
                self.unknown += now.unknown
        self.open = moving
        self.accepted = self._finished + accepted

    def make(self) -> None:
        """A new send, unless enough of them have something left to hand out."""
        waiting = patiently(lambda: Send.objects.filter(batches__state="waiting").distinct().count())
        if waiting >= AT_ONCE:
            return
        sizes = {topics: self._draw.randint(SMALLEST, LARGEST) for topics in CHOICES}
        issue = patiently(lambda: _write(sizes))
        send = patiently(lambda: send_of(issue))
        patiently(lambda: plan(send))
        self.sizes[send.pk] = sum(sizes.values())
        self.open.append(send)
        patiently(lambda: start(send))

    def resume(self) -> None:
        """Let go on what was paused a while ago: by an editor, or because the account was refused."""
        paused = patiently(lambda: list(Send.objects.exclude(paused_at=None).values_list("pk", flat=True)))
        now = monotonic()
        self._paused_since = {pk: self._paused_since.get(pk, now) for pk in paused}
        for pk, since in self._paused_since.items():
            if now - since >= PAUSE:
                patiently(lambda pk=pk: resume(pk))

    def pause_one(self) -> bool:
        return self._with_one(lambda send: pause(send.pk, "an editor asked for it"))

    def cancel_one(self) -> bool:
        return self._with_one(lambda send: cancel(send.pk, "an editor asked for it"))

    def start_again(self) -> bool:
        """Trigger a send that was triggered."""
        return self._with_one(lambda send: not start(send))

    def deliver_twice(self) -> bool:
        """Put tasks into the queue once more, of batches in whatever state they are."""
        return self._with_one(self._deliver_twice)

    def _deliver_twice(self, send: Send) -> bool:
        batches = list(Batch.objects.filter(send=send).values_list("pk", flat=True))
        try:
            with current_app.connection_for_write() as queue:
                for batch_id in self._draw.sample(batches, min(5, len(batches))):
                    current_app.send_task(
                        submit.name, (batch_id,), queue=QUEUE, connection=queue, retry=False
                    )
        except (QueueAway, OSError):
            return False
        return True

    def _with_one(self, act: Callable[[Send], bool]) -> bool:
        """Do something to one of those under way. Returns whether it had an effect."""
        return bool(self.open) and patiently(lambda: act(self._draw.choice(self.open)))


@transaction.atomic
def _write(sizes: dict[tuple[str, ...], int]) -> Issue:
    issue = make_issue()
    mailing_list = issue.newsletter.mailing_list
    for topics, size in sizes.items():
        crowd(mailing_list, size, topics=topics)
    # Whose address may have changed since a request left is no witness in the logs, and requests are made older here.
    Subscriber.objects.filter(subscriptions__mailing_list=mailing_list).update(
        changed_at=timezone.now() - timedelta(days=1)
    )
    return issue
