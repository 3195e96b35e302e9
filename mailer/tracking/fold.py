"""Folding: what stored events say becomes the state of deliveries and subscribers.

One transaction takes events that nobody else holds, does what they call for and marks them folded. A crash
undoes it whole, and the events wait for the next one; any number may run side by side.
"""

from collections.abc import Iterable
from datetime import datetime

import orjson
import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from mailer.tracking.consequences import act
from mailer.tracking.facts import attribute_by_address, write_facts
from mailer.tracking.reading import Reading, read
from mailer.tracking.scrub import scrub_late

log = structlog.get_logger()

LOCK = 0x666F6C64
"""Of PostgreSQL's advisory locks: foldings share it, a rebuild has it alone."""
LIMIT = 5_000


def fold_events(limit: int = LIMIT) -> int:
    """Fold up to `limit` events that are not folded yet, oldest first.

    Returns: how many were folded; 0 when none is left, or others have them, or figures are being rebuilt.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock_shared(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(
            """
            SELECT id, kind, at, payload::text FROM tracking_event
            WHERE folded_at IS NULL ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
            """,
            [limit],
        )
        events = cursor.fetchall()
        if events:
            readings = attribute_by_address(cursor, read_all(row[1:] for row in events))
            act(cursor, readings)
            write_facts(cursor, readings)
            scrub_late(cursor, events, readings)
            _mark(cursor, [row[0] for row in events])
    if events:
        log.info("events_folded", events=len(events))
    return len(events)


def read_all(events: Iterable[tuple[str, datetime, str]]) -> list[Reading]:
    """Read stored events, each given as its kind, time and payload in JSON."""
    return [read(kind, at, orjson.loads(payload)) for kind, at, payload in events]


def _mark(cursor: CursorWrapper, ids: list[int]) -> None:
    cursor.execute("UPDATE tracking_event SET folded_at = now() WHERE id = ANY(%s)", [ids])
