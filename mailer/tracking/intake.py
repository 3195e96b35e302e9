"""A post of the event webhook: kept as it came, and read into rows; what is good counts, whatever the rest looks like."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from django.db import connection

from mailer.tracking.reading import number

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
    """An event as it is kept. `payload` is the event, `written` the same as JSON; `subscriber_id` is what our custom
    argument says, None where it says nothing usable."""

    sg_event_id: str
    kind: str
    at: datetime
    received_at: datetime
    subscriber_id: int | None
    payload: Mapping[str, Any]
    written: str

    @property
    def key(self) -> tuple[datetime, str]:
        """What an event repeated has again."""
        return self.at, self.sg_event_id


@dataclass(frozen=True)
class Items:
    """What a post holds. `refused` are the items that are no events, `unnamed` counts the events without an id."""

    rows: tuple[Row, ...]
    refused: tuple[Any, ...]
    unnamed: int


def store(body: bytes) -> int:
    """Keep a post as it came; it commits unless the caller holds a transaction. Folding reads the rest of it.

    Returns: how many items it holds; an empty one is not kept.
    Raises:
        BadPost: the body is not JSON, or not an array.
    """
    count = len(_items(body))
    if count:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO tracking_post (events, body) VALUES (%s, %b)", [count, body])
    return count


def read_post(body: bytes, received: datetime) -> Items:
    """Read a post.

    An event without a usable `sg_event_id` gets one from a hash of itself, so that it is still known again
    when SendGrid repeats it. One without a believable time stamp (unix seconds) happened when it was received.

    Raises:
        BadPost: the body is not JSON, or not an array.
    """
    items = _items(body)
    rows = tuple(_row(item, received) for item in items if isinstance(item, dict))
    refused = tuple(item for item in items if not isinstance(item, dict))
    unnamed = sum(row.sg_event_id.startswith("sha256:") for row in rows)
    return Items(rows, refused, unnamed)


def _items(body: bytes) -> list[Any]:
    items = _parse(body)
    if not isinstance(items, list):
        raise BadPost("The post is JSON, but not an array of events.")
    return items


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
    event, written = _written(event)
    given, kind = event.get("sg_event_id"), event.get("event")
    named = isinstance(given, str) and 0 < len(given) <= LONGEST_ID
    return Row(
        sg_event_id=str(given) if named else _derived_id(event),
        kind=kind[:LONGEST_KIND] if isinstance(kind, str) else "",
        at=_moment(event.get("timestamp"), received),
        received_at=received,
        subscriber_id=number(event.get("mailer_subscriber")),
        payload=event,
        written=written,
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
