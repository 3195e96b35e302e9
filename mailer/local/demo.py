"""What the demo needs beside the commands that it runs: people who left before, and waiting for the others."""

import json
import time
import urllib.request
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from mailer.local.embedded import Addresses
from mailer.local.errors import ServerError
from mailer.local.processes import Background
from mailer.local.sample_people import those_who_left
from mailer.local.waiting import wait_until
from mailer.tracking.models import Event, Post
from subscribers.models import Consent, MailingList, Subscriber, Subscription, Suppression

EVENTS_LIMIT = 120
"""Seconds without any event after which waiting for more is given up."""
START_LIMIT = 60
"""Seconds until the processes answer."""
STEP = 0.2
"""Seconds between two looks."""


@transaction.atomic
def write_those_who_left(mailing_list: MailingList) -> None:
    """People who were on the list before and left, or whose address bounced: an import must not bring them back."""
    addresses = those_who_left()
    if Subscriber.objects.filter(email=addresses[0]).exists():
        return
    people = Subscriber.objects.bulk_create(
        [Subscriber(email=address) for address in addresses], ignore_conflicts=True
    )
    people = list(Subscriber.objects.filter(email__in=[person.email for person in people]))
    Subscription.objects.bulk_create(
        Subscription(subscriber=person, mailing_list=mailing_list, state=Subscription.State.UNSUBSCRIBED)
        for person in people
    )
    Consent.objects.bulk_create(
        Consent(subscriber=person, mailing_list=mailing_list, action=Consent.Action.LEFT, source="sample")
        for person in people
    )
    # A third of them did not leave: their mailboxes are gone.
    gone = people[::3]
    Suppression.objects.bulk_create(
        Suppression(address=person.email, reason=Suppression.Reason.BOUNCE, detail="550 5.1.1 no such user")
        for person in gone
    )
    Subscription.objects.filter(subscriber__in=gone).update(
        state=Subscription.State.ACTIVE, changed_at=timezone.now()
    )


def wait_until_up(addresses: Addresses, backgrounds: Mapping[str, Background]) -> None:
    """Wait until the site and the emulator listen where the others look for them.

    It has to be these ones: the mail of the demo must not end up with another installation on this machine.

    Raises:
        ServerError: one of the processes ended, or they did not answer in time.
    """

    def answers() -> bool:
        for background in backgrounds.values():
            background.check()
        return all(backgrounds[name].listens(port) for name, port in addresses.ports.items())

    if not wait_until(answers, START_LIMIT):
        raise ServerError(
            f"The processes did not answer within {START_LIMIT} seconds. See the logs in var/log."
        )


def wait_for_events(console: Console, emulator: str, after: int) -> None:
    """Show the events coming in, until the emulator has posted all of them and all are folded.

    Args:
        after: the id of the newest event before the send; only newer ones are counted.
    Raises:
        ServerError: they stopped coming.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[state]}"),
    )
    events = Event.objects.filter(id__gt=after)
    with Progress(*columns, TimeElapsedColumn(), console=console) as bars:
        bar = bars.add_task("Events", total=None, state="")
        last, since = -1, time.monotonic()
        while True:
            drawn, pending = _pending(emulator)
            to_fold = Post.objects.aggregate(events=Sum("events"))["events"] or 0
            folded = events.count()
            # The bar has no end before it is known how many there will be.
            total = folded + to_fold + pending if drawn else None
            bars.update(bar, completed=folded, total=total, state=f"{folded:,} folded")
            if drawn and pending == 0 and to_fold == 0:
                return
            if folded != last:
                last, since = folded, time.monotonic()
            elif time.monotonic() - since > EVENTS_LIMIT:
                raise ServerError(
                    f"No event came in for {EVENTS_LIMIT} seconds. See var/log/web.log and emulator.log."
                )
            time.sleep(STEP)


def _pending(emulator: str) -> tuple[bool, int]:
    """Whether the events of all requests are drawn, and how many the emulator has not posted yet."""
    with urllib.request.urlopen(f"{emulator}/control/events/pending", timeout=30) as answer:  # noqa: S310
        state = json.load(answer)
    return int(state["requests_waiting"]) == 0, int(state["pending"])
