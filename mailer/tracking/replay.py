"""Rebuilding every figure from the events that are stored."""

from collections.abc import Callable

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from mailer.tracking.aside import try_again
from mailer.tracking.facts import attribute_by_address, write_facts
from mailer.tracking.fold import LIMIT, LOCK, fold_events, read_all
from mailer.tracking.leavings import attribute_leavings
from mailer.tracking.reading import FACTS, OF_FAILURES, OF_OPENS
from mailer.tracking.reports.changed import figures_change

log = structlog.get_logger()

Progress = Callable[[int, int], None]


def rebuild(progress: Progress = lambda done, of: None) -> int:
    """Empty every figure that comes from events and derive it again, then fold what waits or is set aside.

    One transaction: readers see the old figures until the new ones are complete, and a crash changes nothing.
    Figures only: nobody is suppressed or taken off a list a second time. Sends whose first events are deleted (see
    retention.py) keep what those gave.

    Args:
        progress: told how many of the kept events are done, and of how many; once in a while.
    Returns: how many events were read.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        whole = _whole_sends(cursor)
        _empty(cursor, whole)
        attribute_leavings(cursor)
        count = _derive(cursor, progress)
        figures_change(whole)
    try_again()
    while folded := fold_events():
        count += folded
    log.info("figures_rebuilt", events=count)
    return count


def _whole_sends(cursor: CursorWrapper) -> list[int]:
    """The sends of which every event is still there: nothing of them was submitted before events are kept."""
    cursor.execute(
        """
        SELECT send.id FROM delivery_send send
        WHERE NOT EXISTS (
            SELECT 1 FROM delivery_batch batch JOIN delivery_submission submission ON submission.batch_id = batch.id
            WHERE batch.send_id = send.id
                -- SendGrid's clock may be behind ours: what a send caused just after may lie before
                AND submission.started_at < (SELECT since FROM tracking_eventskept) + interval '1 hour'
        )
        """
    )
    return [number for (number,) in cursor.fetchall()]


def _empty(cursor: CursorWrapper, sends: list[int]) -> None:
    columns = (*FACTS, *OF_FAILURES, *OF_OPENS)
    cursor.execute(
        f"UPDATE delivery_delivery SET {', '.join(f'{column} = NULL' for column in columns)} "
        f"WHERE send_id = ANY(%s) AND num_nonnulls({', '.join(columns)}) > 0",
        [sends],
    )
    cursor.execute(
        "DELETE FROM tracking_click WHERE link_id IN (SELECT id FROM delivery_link WHERE send_id = ANY(%s))",
        [sends],
    )


def _derive(cursor: CursorWrapper, progress: Progress) -> int:
    cursor.execute("SELECT count(*) FROM tracking_event")
    (of,) = cursor.fetchone()
    count = last = 0
    while True:
        progress(count, of)
        # In the order of the primary key, which is the same in every partition: their indexes are merged.
        cursor.execute(
            """
            SELECT id, kind, at, payload::text FROM tracking_event
            WHERE id > %s ORDER BY id LIMIT %s
            """,
            [last, LIMIT],
        )
        events = cursor.fetchall()
        if not events:
            return count
        write_facts(cursor, attribute_by_address(cursor, read_all(row[1:] for row in events)))
        last, count = events[-1][0], count + len(events)
