"""When it happened: first times by hour and by day since the first request of a send."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db.backends.utils import CursorWrapper

from mailer.tracking.reports.figures import Span

HOURS = 72
"""Kept hour by hour; days are kept all."""
_WHAT = ("delivered", "opened", "clicked")


def started_at(cursor: CursorWrapper, send_id: int) -> datetime | None:
    """When the first request of a send left; None before."""
    cursor.execute(
        """
        SELECT min(started_at) FROM delivery_submission submission
        JOIN delivery_batch batch ON batch.id = submission.batch_id WHERE batch.send_id = %s
        """,
        [send_id],
    )
    at: datetime | None = cursor.fetchone()[0]
    return at


def times(cursor: CursorWrapper, send_id: int, start: datetime) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """The hours in which something happened, within HOURS, and the days. An event's clock may be behind ours: what seems
    to come before the start is in the first of both."""
    # date_bin() counts microseconds as whole numbers; the seconds of an interval are numeric, and ten times as slow.
    cursor.execute(
        " UNION ALL ".join(
            f"""
            SELECT {place}, date_bin('1 hour', {what}_at, %(start)s), count(*)::int
            FROM delivery_delivery WHERE send_id = %(send)s AND {what}_at IS NOT NULL GROUP BY 2
            """
            for place, what in enumerate(_WHAT)
        ),
        {"send": send_id, "start": start},
    )
    hours: dict[int, list[int]] = defaultdict(lambda: [0] * len(_WHAT))
    days: dict[int, list[int]] = defaultdict(lambda: [0] * len(_WHAT))
    for place, at, people in cursor.fetchall():
        hour = max((at - start) // timedelta(hours=1), 0)
        hours[hour][place] += people
        days[hour // 24][place] += people
    return (
        tuple(Span(hour, *counts) for hour, counts in sorted(hours.items()) if hour < HOURS),
        tuple(Span(day, *counts) for day, counts in sorted(days.items())),
    )
