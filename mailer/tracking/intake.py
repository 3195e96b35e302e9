"""A post of the event webhook, from its bytes to rows: what is good is kept, whatever the rest looks like."""

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from django.db import connection

LONGEST_ID = 200
LONGEST_KIND = 40
DEEPEST = 32
"""Levels of a value inside an event; SendGrid's own have two."""
EARLIEST = datetime(2009, 1, 1, tzinfo=UTC)
"""SendGrid's first year."""
AHEAD = timedelta(days=7)
"""How far a time stamp may lie ahead of our clock: a request may be scheduled for up to 72 hours."""


class BadPost(Exception):
    """The post is no JSON array; nothing of it can be kept."""

    code = "bad_post"


@dataclass(frozen=True)
class Row:
    """An event as it is stored. `payload` is JSON."""

    sg_event_id: str
    kind: str
    at: datetime
    payload: str


@dataclass(frozen=True)
class Post:
    """What a post holds. `refused` counts the items that are no objects, `unnamed` the events without an id."""

    rows: tuple[Row, ...]
    refused: int
    unnamed: int


def read_post(body: bytes, received: datetime) -> Post:
    """Read a post.

    An event without a usable `sg_event_id` gets one from a hash of itself, so that it is still known again
    when SendGrid repeats it. One without a believable time stamp (unix seconds) happened when it was received.

    Raises:
        BadPost: the body is not JSON, or not an array.
    """
    items = _parse(body)
    if not isinstance(items, list):
        raise BadPost("The post is JSON, but not an array of events.")
    events = [item for item in items if isinstance(item, dict)]
    rows = tuple(_row(event, received) for event in events)
    unnamed = sum(row.sg_event_id.startswith("sha256:") for row in rows)
    return Post(rows, refused=len(items) - len(events), unnamed=unnamed)


def store(rows: Iterable[Row]) -> int:
    """Store the events that are not stored yet, in one statement, which commits unless the caller holds a transaction.

    Returns: how many were new.
    """
    # In one order everywhere: two posts with the same events, stored at once, must not wait for each other.
    ordered = sorted({row.sg_event_id: row for row in rows}.values(), key=lambda row: row.sg_event_id)
    if not ordered:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO tracking_event (sg_event_id, kind, at, payload)
            SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::jsonb[])
            ON CONFLICT (sg_event_id) DO NOTHING
            """,
            _columns(ordered),
        )
        return int(cursor.rowcount)


def _columns(rows: Sequence[Row]) -> list[list[Any]]:
    return [
        [row.sg_event_id for row in rows],
        [row.kind for row in rows],
        [row.at for row in rows],
        [row.payload for row in rows],
    ]


def _parse(body: bytes) -> Any:
    """JSON as PostgreSQL can store it.

    orjson and PostgreSQL each refuse a whole post for one odd character in it (half a surrogate pair, a byte
    that is no UTF-8, NUL, NaN); such a post takes the slow way and loses only that character.
    """
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            parsed = json.loads(body.decode("utf-8-sig", "replace"), strict=False, parse_int=_number)
        except (ValueError, RecursionError) as error:
            raise BadPost("The post is not JSON.") from error
    else:
        if b"\\u0000" not in body:
            return parsed
    return _clean(parsed, DEEPEST + 2)


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) < 19 else float(digits)


def _clean(value: Any, levels: int) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if not isinstance(value, list | dict):
        return value
    if levels == 0:
        return None
    if isinstance(value, list):
        return [_clean(item, levels - 1) for item in value]
    return {_clean(key, 0): _clean(item, levels - 1) for key, item in value.items()}


def _row(event: dict[str, Any], received: datetime) -> Row:
    event, payload = _written(event)
    given, kind = event.get("sg_event_id"), event.get("event")
    named = isinstance(given, str) and 0 < len(given) <= LONGEST_ID
    return Row(
        sg_event_id=str(given) if named else _derived_id(event),
        kind=kind[:LONGEST_KIND] if isinstance(kind, str) else "",
        at=_moment(event.get("timestamp"), received),
        payload=payload,
    )


def _written(event: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The event and its JSON. orjson reads more levels than it writes; what lies too deep is left out."""
    try:
        return event, orjson.dumps(event).decode()
    except orjson.JSONEncodeError:
        shallow = _clean(event, DEEPEST + 1)
        return shallow, orjson.dumps(shallow).decode()


def _derived_id(event: dict[str, Any]) -> str:
    return f"sha256:{hashlib.sha256(orjson.dumps(event, option=orjson.OPT_SORT_KEYS)).hexdigest()}"


def _moment(timestamp: Any, received: datetime) -> datetime:
    if isinstance(timestamp, bool) or not isinstance(timestamp, int | float | str):
        return received
    try:
        moment = datetime.fromtimestamp(float(timestamp), UTC)
    except (ValueError, OverflowError, OSError):
        return received
    return moment if EARLIEST <= moment <= received + AHEAD else received
