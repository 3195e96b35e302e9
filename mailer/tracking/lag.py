"""How far folding is behind, and when SendGrid last posted. Both are read from PostgreSQL: Redis may be emptied."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection


@dataclass(frozen=True)
class Lag:
    """What waits to be folded: so many events in so many posts, the oldest of which came so many seconds ago.

    An event that SendGrid repeats counts again, until it is folded and known.
    """

    events: int
    posts: int
    seconds: float


def lag() -> Lag:
    """How far folding is behind now; zeros when nothing waits. Posts that are being folded count until it is done.

    Those that are set aside do not count: folding does not come to them.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(sum(events), 0)::bigint, count(*),
                coalesce(greatest(extract(epoch FROM statement_timestamp() - min(received_at)), 0), 0)::float8
            FROM tracking_post WHERE trouble = ''
            """
        )
        return Lag(*cursor.fetchone())


def last_post_at() -> datetime | None:
    """When the last post came in that held anything new; None when there was none, or none is kept.

    Nothing is written for it: intake would have to take turns on a row. A waiting post tells, or else the event that
    was kept last.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT greatest(
                (SELECT max(received_at) FROM tracking_post),
                (SELECT received_at FROM tracking_event ORDER BY id DESC LIMIT 1)
            )
            """
        )
        moment: datetime | None = cursor.fetchone()[0]
    return moment
