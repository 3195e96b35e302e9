"""Where a send stands, counted from the ledger at this moment. Never stored."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Max, Min, Sum
from django.utils import timezone

from mailer.delivery.claim import MAY_GO
from mailer.delivery.models import Batch, Send

SOON = 30
"""Seconds: what is due within them is as good as due."""


@dataclass(frozen=True)
class Progress:
    """Promise 3 in numbers of people: candidates = excluded + waiting + accepted + rejected + unknown.

    `candidates` was counted by the plan; the other side is counted now. `cancelled` is the part of `excluded` that
    a cancelled send left without, `in_flight` the part of `waiting` whose request is under way.
    """

    candidates: int
    excluded: int
    cancelled: int
    waiting: int
    in_flight: int
    accepted: int
    rejected: int
    unknown: int

    def __str__(self) -> str:
        """The promise as a sum: candidates = excluded + waiting + accepted + rejected + unknown."""
        in_flight = f" (of them {self.in_flight:,} in flight)" if self.in_flight else ""
        return (
            f"{self.candidates:,} candidates = {self.excluded:,} excluded + {self.waiting:,} waiting{in_flight}"
            f" + {self.accepted:,} accepted + {self.rejected:,} rejected + {self.unknown:,} unknown"
        )

    @property
    def adds_up(self) -> bool:
        return self.candidates == self.excluded + self.waiting + self.accepted + self.rejected + self.unknown

    @property
    def finished(self) -> bool:
        """Nothing is left to do or to find out."""
        return self.waiting == 0 and self.unknown == 0


def progress(send: Send) -> Progress:
    """Count in one query, so that all numbers are of the same moment."""
    return progress_and_moving(send)[0]


def progress_and_moving(send: Send) -> tuple[Progress, bool]:
    """The same, and whether at that moment anybody who waits was under way, or may go and was due within SOON."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT coalesce(send.candidates, 0),
                (SELECT count(*) FROM delivery_exclusion WHERE send_id = send.id)
                    + coalesce(sum(size) FILTER (WHERE state = 'cancelled'), 0),
                coalesce(sum(size) FILTER (WHERE state = 'cancelled'), 0),
                coalesce(sum(size) FILTER (WHERE state IN ('waiting', 'submitting')), 0),
                coalesce(sum(size) FILTER (WHERE state = 'submitting'), 0),
                coalesce(sum(size) FILTER (WHERE state = 'accepted'), 0),
                coalesce(sum(size) FILTER (WHERE state = 'rejected'), 0) + (
                    SELECT count(*) FROM delivery_delivery
                    WHERE send_id = send.id AND rejected_because IS NOT NULL
                ),
                coalesce(sum(size) FILTER (WHERE state = 'unknown'), 0),
                coalesce(bool_or(state = 'submitting' OR state = 'waiting' AND {MAY_GO}
                    AND batch.due_at < statement_timestamp() + make_interval(secs => %s)), false)
            FROM delivery_send send LEFT JOIN delivery_batch batch ON batch.send_id = send.id
            WHERE send.id = %s GROUP BY send.id
            """,
            [SOON, send.pk],
        )
        *people, moving = cursor.fetchone()
    return Progress(*people), moving


def waits_for_winner(send: Send) -> bool:
    """Whether a part of the send is held back until its A/B test is decided."""
    return (
        send.test_share is not None
        and send.winner is None
        and send.batches.filter(state=Batch.State.WAITING, in_test=False).exists()
    )


def dues(send: Send) -> tuple[datetime | None, datetime | None, int]:
    """When the first and the last of what waits is due, in the newsletter's time zone, and for how many people.

    Without what waits for the winner of a test: nobody knows yet when that is.
    """
    waiting = send.batches.filter(state=Batch.State.WAITING)
    if send.test_share is not None and send.winner is None:
        waiting = waiting.filter(in_test=True)
    found = waiting.aggregate(first=Min("due_at"), last=Max("due_at"), people=Sum("size"))
    zone = ZoneInfo(send.issue.newsletter.time_zone)
    first, last = (at and timezone.localtime(at, zone) for at in (found["first"], found["last"]))
    return first, last, found["people"] or 0
