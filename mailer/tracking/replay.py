"""Rebuilding every figure from the events that are stored."""

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from mailer.tracking.facts import attribute_by_address, write_facts
from mailer.tracking.fold import LIMIT, LOCK, fold_events, read_all
from mailer.tracking.leavings import attribute_leavings
from mailer.tracking.reading import FACTS, OF_FAILURES

log = structlog.get_logger()


def rebuild() -> int:
    """Empty every figure that comes from events and derive it again, then fold what waits.

    One transaction: readers see the old figures until the new ones are complete, and a crash changes nothing.
    Figures only: nobody is suppressed or taken off a list a second time.

    Returns: how many events were read.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        _empty(cursor)
        attribute_leavings(cursor)
        count = _derive(cursor)
    while folded := fold_events():
        count += folded
    log.info("figures_rebuilt", events=count)
    return count


def _empty(cursor: CursorWrapper) -> None:
    columns = (*FACTS, *OF_FAILURES)
    cursor.execute(
        f"UPDATE delivery_delivery SET {', '.join(f'{column} = NULL' for column in columns)} "
        f"WHERE num_nonnulls({', '.join(columns)}) > 0"
    )
    cursor.execute("DELETE FROM tracking_click")


def _derive(cursor: CursorWrapper) -> int:
    count = last = 0
    while True:
        cursor.execute(
            """
            SELECT id, kind, at, payload::text FROM tracking_event
            WHERE folded_at IS NOT NULL AND id > %s ORDER BY id LIMIT %s
            """,
            [last, LIMIT],
        )
        events = cursor.fetchall()
        if not events:
            return count
        write_facts(cursor, attribute_by_address(cursor, read_all(row[1:] for row in events)))
        last, count = events[-1][0], count + len(events)
