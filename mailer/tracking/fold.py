"""Folding: what posted events say becomes the state of deliveries and subscribers.

One transaction takes posts that nobody else holds, keeps their events, does what they call for and deletes the posts.
A crash undoes it whole, and the posts wait for the next one. Any number may be begun; MOST run side by side.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import orjson
import psycopg
import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import errors

from mailer.tracking.aside import lies_in_events, set_aside, set_post_aside
from mailer.tracking.consequences import act
from mailer.tracking.facts import attribute_by_address, write_facts
from mailer.tracking.intake import Row, read_post
from mailer.tracking.partitions import make_room
from mailer.tracking.post_json import BadPost
from mailer.tracking.reading import Reading, read
from mailer.tracking.refused import refuse
from mailer.tracking.reports.changed import figures_change
from mailer.tracking.scrub import without_the_erased
from mailer.vitals.counting import count_folding
from subscribers.privacy import erased

log = structlog.get_logger()

LOCK = 0x666F6C64
"""Of PostgreSQL's advisory locks: foldings share it, a rebuild has it alone."""
SLOT = 0x666F6C65
"""The same: each folding has one of its numbers, from 1 to MOST."""
MOST = 2
"""Foldings at once, of all workers together: their other threads have mail to send."""
LIMIT = 2_500
"""Events of one transaction; a post is never cut. More would be little faster, and take a worker's memory."""
MOST_POSTS = 8
"""Posts that are fetched at once: each may be as large as posts are."""
TRIES = 3
"""How often a folding is begun that met another one."""
MET = (errors.UniqueViolation, errors.DeadlockDetected)
"""Two foldings had the same events at the same moment."""
UNSUITABLE = (psycopg.DataError, errors.ProgramLimitExceeded)
"""PostgreSQL cannot store something, such as an address that is too long for an index."""


@dataclass(frozen=True)
class Taken:
    """Posts that a transaction holds."""

    numbers: tuple[int, ...]
    rows: tuple[Row, ...]


def fold_events(limit: int = LIMIT) -> int:
    """Fold the oldest posts that nobody else holds: one at least, and about `limit` events.

    Returns: how many events they held, those known before among them; 0 when none is left, or others have them, or
        figures are being rebuilt.
    """
    for _ in range(TRIES - 1):
        try:
            return _fold_posts(limit, _fold)
        except Exception as error:
            if isinstance(error.__cause__, MET):
                log.info("folding_begins_again", reason=type(error.__cause__).__name__)
            elif lies_in_events(error):
                # Nothing that is read should be so. If something is, it must not hold up all others.
                log.error("folding_one_post_by_halves", reason=type(error.__cause__ or error).__name__)
                return _fold_posts(1, _fold_by_halves)
            else:
                raise
    return _fold_posts(1, _fold_by_halves)


def _fold_posts(limit: int, fold: Callable[[CursorWrapper, Sequence[Row]], list[str]]) -> int:
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        if not _may_fold(cursor):
            return 0
        # Nobody is erased between the look whether they are and the moment in which others see what is kept.
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [erased.LOCK])
        taken = _take(cursor, limit)
        if not taken.numbers:
            return 0
        fresh = fold(cursor, taken.rows) if taken.rows else []
        cursor.execute("DELETE FROM tracking_post WHERE id = ANY(%s)", [list(taken.numbers)])
    known = len(taken.rows) - len(fresh)
    log.info("events_folded", events=len(taken.rows), known=known, posts=len(taken.numbers))
    count_folding(fresh, known, time.perf_counter() - began)
    # What held only items that are no events is done with as well, and there may be more.
    return len(taken.rows) or 1


def read_all(events: Iterable[tuple[str, datetime, str]]) -> list[Reading]:
    """Read kept events, each given as its kind, time and payload in JSON."""
    return [read(kind, at, orjson.loads(payload)) for kind, at, payload in events]


def _may_fold(cursor: CursorWrapper) -> bool:
    """Whether no figures are being rebuilt and a slot is free; it is held until the transaction ends."""
    cursor.execute("SELECT pg_try_advisory_xact_lock_shared(%s)", [LOCK])
    if not cursor.fetchone()[0]:
        return False
    for number in range(1, MOST + 1):
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [SLOT, number])
        if cursor.fetchone()[0]:
            return True
    return False


def _take(cursor: CursorWrapper, limit: int) -> Taken:
    """Lock posts as they are read, a few at a time, until they hold `limit` events."""
    numbers: list[int] = []
    rows: dict[tuple[datetime, str], Row] = {}
    held, few = 0, 1
    # Binary, because a body as text would be twice as long.
    cursor.execute(
        """
        DECLARE next_post BINARY NO SCROLL CURSOR FOR
        SELECT id, events, received_at, body FROM tracking_post WHERE trouble = ''
        ORDER BY id FOR UPDATE SKIP LOCKED
        """
    )
    while held < limit:
        cursor.execute(f"FETCH {few} FROM next_post")
        found = cursor.fetchall()
        for number, events, received_at, body in found:
            numbers.append(number)
            held += events
            rows.update((row.key, row) for row in _read(body, events, received_at))
        if len(found) < few:
            break
        # As many as hold the rest if they are like those before; the next ones may be a thousand times as large.
        few = max(1, min((limit - held) * len(numbers) // held, MOST_POSTS))
    cursor.execute("CLOSE next_post")
    return Taken(tuple(numbers), tuple(rows.values()))


def _read(body: bytes, events: int, received_at: datetime) -> Sequence[Row]:
    try:
        items = read_post(body, received_at)
    except BadPost as error:  # it was read when it came
        refuse([body.hex()], str(error), received_at)
        return ()
    except Exception as error:
        if not lies_in_events(error):
            raise
        set_post_aside(body, events, received_at, error)
        return ()
    refuse(items.refused, "no event", received_at)
    refuse(items.unreadable, "no JSON", received_at)
    if items.unnamed:
        log.warning("events_without_id", events=items.unnamed)
    return items.rows


def _fold(cursor: CursorWrapper, rows: Sequence[Row]) -> list[str]:
    """Keep the events that are not kept yet, and do what those call for. Returns their kinds."""
    readings = attribute_by_address(cursor, [read(row.kind, row.at, row.payload) for row in rows])
    rows = [_named(row, reading) for row, reading in zip(rows, readings, strict=True)]
    written = without_the_erased(cursor, rows, readings)
    make_room(cursor, (row.at for row in rows))
    fresh = _keep(cursor, written)
    new = [reading for row, reading in zip(written, readings, strict=True) if row.key in fresh]
    act(cursor, new)
    write_facts(cursor, new)
    figures_change(reading.send_id for reading in new)
    return [reading.kind for reading in new]


def _named(row: Row, reading: Reading) -> Row:
    """An event of which only the address told the delivery names it from now on: people change their addresses."""
    if not reading.by_address or reading.send_id is None:
        return row
    names = {"mailer_send": str(reading.send_id), "mailer_subscriber": str(reading.subscriber_id)}
    payload = {**row.payload, **names}
    return replace(
        row,
        subscriber_id=reading.subscriber_id,
        payload=payload,
        written=orjson.dumps(payload).decode(),
    )


def _fold_by_halves(cursor: CursorWrapper, rows: Sequence[Row]) -> list[str]:
    """The same of one post, without the events that cannot be folded: those are set aside."""
    failed: list[tuple[Row, Exception]] = []
    kinds = _fold_what_can_be(cursor, rows, failed)
    if failed:
        set_aside([row for row, _ in failed], failed[0][1])
    return kinds


def _fold_what_can_be(
    cursor: CursorWrapper, rows: Sequence[Row], failed: list[tuple[Row, Exception]]
) -> list[str]:
    """Half by half where something fails. What PostgreSQL will never store is refused; other events go to `failed`."""
    try:
        with transaction.atomic():
            kinds = _fold(cursor, rows)
            # Foreign keys would be looked at only when nothing can be set aside any more.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            return kinds
    except Exception as error:
        if not lies_in_events(error):
            raise
        if len(rows) == 1:
            if isinstance(error.__cause__, UNSUITABLE):
                refuse([rows[0].written], "PostgreSQL cannot store it", rows[0].received_at)
            else:
                failed.append((rows[0], error))
            return []
    half = len(rows) // 2
    return [
        *_fold_what_can_be(cursor, rows[:half], failed),
        *_fold_what_can_be(cursor, rows[half:], failed),
    ]


def _keep(cursor: CursorWrapper, rows: Sequence[Row]) -> set[tuple[datetime, str]]:
    """Keep those that are not kept yet; returns the keys of these.

    COPY, because INSERT took five times as long. It knows no ON CONFLICT: an event that somebody else keeps at this
    moment is an error, and the folding begins again.
    """
    cursor.execute(
        """
        SELECT at, sg_event_id FROM tracking_event
        JOIN json_to_recordset(%s) AS given (at timestamptz, sg_event_id text) USING (at, sg_event_id)
        """,
        [orjson.dumps([{"at": row.at, "sg_event_id": row.sg_event_id} for row in rows]).decode()],
    )
    known = set(cursor.fetchall())
    # In one order everywhere: two foldings of the same events must not wait for each other.
    fresh = sorted((row for row in rows if row.key not in known), key=lambda row: row.key)
    with (
        connection.wrap_database_errors,
        cursor.copy(
            "COPY tracking_event (sg_event_id, kind, at, received_at, subscriber_id, payload) FROM STDIN"
        ) as copy,
    ):
        for row in fresh:
            copy.write_row(
                (row.sg_event_id, row.kind, row.at, row.received_at, row.subscriber_id, row.written)
            )
    return {row.key for row in fresh}
