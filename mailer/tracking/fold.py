"""Folding: what posted events say becomes the state of deliveries and subscribers.

One transaction takes posts that nobody else holds, keeps their events, does what they call for and deletes the posts.
A crash undoes it whole, and the posts wait for the next one; any number may run side by side.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from mailer.tracking.consequences import act
from mailer.tracking.facts import attribute_by_address, write_facts
from mailer.tracking.intake import BadPost, Row, read_post
from mailer.tracking.models import RefusedItem
from mailer.tracking.partitions import make_room
from mailer.tracking.reading import Reading, read
from mailer.tracking.scrub import without_the_erased
from subscribers.privacy import erased

log = structlog.get_logger()

LOCK = 0x666F6C64
"""Of PostgreSQL's advisory locks: foldings share it, a rebuild has it alone."""
LIMIT = 5_000
"""Events of one transaction; a post is never cut."""
LONGEST_ITEM = 2_000
"""Characters that are kept of what is no event."""


@dataclass(frozen=True)
class Taken:
    """Posts that a transaction holds."""

    numbers: tuple[int, ...]
    rows: tuple[Row, ...]


def fold_events(limit: int = LIMIT) -> int:
    """Fold the oldest posts that nobody else holds: one at least, and no more than `limit` events unless it is one.

    Returns: how many events they held, those known before among them; 0 when none is left, or others have them, or
        figures are being rebuilt.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock_shared(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        # Nobody is erased between the look whether they are and the moment in which others see what is kept.
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [erased.LOCK])
        taken = _take(cursor, limit)
        if not taken.numbers:
            return 0
        fresh = 0
        if taken.rows:
            fresh = _fold(cursor, taken.rows)
        cursor.execute("DELETE FROM tracking_post WHERE id = ANY(%s)", [list(taken.numbers)])
    log.info("events_folded", events=len(taken.rows), known=len(taken.rows) - fresh, posts=len(taken.numbers))
    # What held only items that are no events is done with as well, and there may be more.
    return len(taken.rows) or 1


def read_all(events: Iterable[tuple[str, datetime, str]]) -> list[Reading]:
    """Read kept events, each given as its kind, time and payload in JSON."""
    return [read(kind, at, orjson.loads(payload)) for kind, at, payload in events]


def _take(cursor: CursorWrapper, limit: int) -> Taken:
    """Lock posts one by one, as they are read, until they hold `limit` events."""
    # Binary, because a body as text would be twice as long.
    numbers: list[int] = []
    rows: dict[tuple[datetime, str], Row] = {}
    held = 0
    cursor.execute(
        """
        DECLARE next_post BINARY NO SCROLL CURSOR FOR
        SELECT id, events, received_at, body FROM tracking_post ORDER BY id FOR UPDATE SKIP LOCKED
        """
    )
    while held < limit:
        cursor.execute("FETCH 1 FROM next_post")
        found = cursor.fetchone()
        if found is None:
            break
        number, events, received_at, body = found
        numbers.append(number)
        held += events
        rows.update((row.key, row) for row in _read(body, received_at))
    cursor.execute("CLOSE next_post")
    return Taken(tuple(numbers), tuple(rows.values()))


def _read(body: bytes, received_at: datetime) -> Sequence[Row]:
    try:
        items = read_post(body, received_at)
    except BadPost:  # it was read when it came
        RefusedItem.objects.create(
            received_at=received_at, why="cannot be read", item=body[:LONGEST_ITEM].hex()
        )
        return ()
    RefusedItem.objects.bulk_create(
        RefusedItem(
            received_at=received_at,
            why="no JSON object",
            item=orjson.dumps(item).decode(errors="replace")[:LONGEST_ITEM],
        )
        for item in items.refused
    )
    if items.refused or items.unnamed:
        log.warning("events_odd", refused=len(items.refused), unnamed=items.unnamed)
    return items.rows


def _fold(cursor: CursorWrapper, rows: Sequence[Row]) -> int:
    """Keep the events that are not kept yet, and do what those call for. Returns how many they were."""
    readings = attribute_by_address(cursor, [read(row.kind, row.at, row.payload) for row in rows])
    written = without_the_erased(cursor, rows, readings)
    make_room(cursor, (row.at for row in rows))
    fresh = _keep(cursor, written)
    new = [reading for row, reading in zip(written, readings, strict=True) if row.key in fresh]
    act(cursor, new)
    write_facts(cursor, new)
    return len(new)


def _keep(cursor: CursorWrapper, rows: Sequence[Row]) -> set[tuple[datetime, str]]:
    """Keep those that are not kept yet; returns the keys of these."""
    # In one order everywhere: two foldings of the same events must not wait for each other.
    ordered = sorted(rows, key=lambda row: row.key)
    cursor.execute(
        """
        INSERT INTO tracking_event (sg_event_id, kind, at, received_at, subscriber_id, payload)
        SELECT * FROM unnest(
            %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::jsonb[]
        )
        ON CONFLICT (at, sg_event_id) DO NOTHING
        RETURNING at, sg_event_id
        """,
        [
            [row.sg_event_id for row in ordered],
            [row.kind for row in ordered],
            [row.at for row in ordered],
            [row.received_at for row in ordered],
            [row.subscriber_id for row in ordered],
            [row.written for row in ordered],
        ],
    )
    return set(cursor.fetchall())
