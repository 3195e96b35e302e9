"""The months by which events are kept: each is a table of its own, which goes as a whole when it is old."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

from django.db.backends.utils import CursorWrapper

_PREFIX = "tracking_event_"


def make_room(cursor: CursorWrapper, moments: Iterable[datetime]) -> None:
    """Make the partitions that these moments fall into, where they are missing."""
    months = {_month(moment) for moment in set(moments)}
    cursor.execute(
        "SELECT tracking_event_month(month) FROM unnest(%s::date[]) AS month ORDER BY month", [sorted(months)]
    )


def months(cursor: CursorWrapper) -> dict[date, str]:
    """The tables that there are, by the first day of their months (UTC), the oldest first."""
    cursor.execute(
        """
        SELECT inhrelid::regclass::text FROM pg_inherits
        WHERE inhparent = 'tracking_event'::regclass ORDER BY 1
        """
    )
    names = [name for (name,) in cursor.fetchall()]
    return {datetime.strptime(name.removeprefix(_PREFIX), "%Y_%m").date(): name for name in names}


def end_of(month: date) -> datetime:
    """The moment from which on events fall into the next month."""
    return datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=UTC)


def _month(moment: datetime) -> date:
    return moment.astimezone(UTC).date().replace(day=1)
