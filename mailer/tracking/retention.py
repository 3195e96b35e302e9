"""How long things are kept: events, people who never confirmed, people who are inactive, stories of feeds that nobody
touched. Applied once a day.

Events are kept by the month in which they happened, and go by the month: the last day of one decides. Deleting them
leaves every figure as it is: figures live in deliveries and clicks. Only `mailer replay` derives them
again, so it is told since when events are kept, and leaves older sends alone (see replay.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from mailer.issues.backlog.forget import forget, forgotten
from mailer.tracking.fold import LOCK
from mailer.tracking.inactive import erase_inactive, inactive
from mailer.tracking.models import Event
from mailer.tracking.partitions import end_of, months
from subscribers.privacy.unconfirmed import erase_unconfirmed, unconfirmed

log = structlog.get_logger()

MOST_PEOPLE = 10_000
"""Whom one run erases, of each kind; the others follow with the next run."""
PATIENCE = 10_000
"""Milliseconds to wait for those who read and write events."""


@dataclass(frozen=True)
class Rule:
    """Something that is kept for so many days; None: for ever.

    Attributes:
        count: how many there are from before a moment.
        delete: deletes a bounded number of them and says how many; 0 when none is left.
    """

    name: str
    variable: str
    days: int | None
    count: Callable[[datetime], int]
    delete: Callable[[datetime], int]

    @property
    def before(self) -> datetime | None:
        """What is older is deleted."""
        return None if self.days is None else timezone.now() - timedelta(days=self.days)


def rules() -> tuple[Rule, ...]:
    """The rules with the times that are set for this installation."""
    kept = settings.ENVIRONMENT
    return (
        Rule("events", "RETENTION_EVENTS", kept.retention_events, _count_events, delete_events),
        Rule(
            "people who never confirmed",
            "RETENTION_UNCONFIRMED",
            kept.retention_unconfirmed,
            lambda before: unconfirmed(before).count(),
            lambda before: erase_unconfirmed(before, MOST_PEOPLE),
        ),
        Rule(
            "people who are inactive",
            "RETENTION_INACTIVE",
            kept.retention_inactive,
            lambda before: sum(1 for _ in inactive(before)),
            lambda before: erase_inactive(before, MOST_PEOPLE),
        ),
        Rule(
            "stories of feeds",
            "RETENTION_BACKLOG",
            kept.retention_backlog,
            lambda before: forgotten(before).count(),
            lambda before: forget(before, MOST_PEOPLE),
        ),
    )


def apply() -> dict[str, int]:
    """Delete what is older than it may be kept: all such events, and up to MOST_PEOPLE people of each kind.

    Each step is a transaction of its own: whoever is killed loses nothing, and the next run goes on.

    Returns: how many of each rule, by its name.
    """
    done = {}
    for rule in rules():
        done[rule.name] = _apply(rule)
    log.info("retention_applied", **{name.replace(" ", "_"): number for name, number in done.items()})
    return done


def delete_events(before: datetime) -> int:
    """Delete the oldest month of events, where all of it lies before a moment, and what was refused or set aside
    before it.

    Returns: how many events the month had; 0 when there is none, or figures are being rebuilt.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Foldings end within this time, and none begins while somebody waits here. A rebuild takes longer.
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{PATIENCE}ms"])
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            cursor.execute("DELETE FROM tracking_refuseditem WHERE received_at < %s", [before])
            cursor.execute("DELETE FROM tracking_post WHERE trouble <> '' AND received_at < %s", [before])
            return _delete_month(cursor, before)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        return 0


def _delete_month(cursor: CursorWrapper, before: datetime) -> int:
    for month, table in months(cursor).items():
        end = end_of(month)
        if end > before:
            break
        cursor.execute(f"SELECT count(*) FROM {table}")
        (deleted,) = cursor.fetchone()
        cursor.execute(f"DROP TABLE {table}")
        if deleted:
            _note(cursor, end)
            return int(deleted)
    return 0


def _note(cursor: CursorWrapper, since: datetime) -> None:
    cursor.execute(
        """
        INSERT INTO tracking_eventskept (id, since) VALUES (1, %s)
        ON CONFLICT (id) DO UPDATE SET since = greatest(tracking_eventskept.since, excluded.since)
        """,
        [since],
    )


def _apply(rule: Rule) -> int:
    if rule.before is None:
        return 0
    before, done = rule.before, 0
    while step := rule.delete(before):
        done += step
        if rule.delete is not delete_events:
            break
    return done


def _count_events(before: datetime) -> int:
    with connection.cursor() as cursor:
        old = [end_of(month) for month in months(cursor) if end_of(month) <= before]
    return Event.objects.filter(at__lt=max(old)).count() if old else 0
