"""A post of the event webhook: kept as it came, and read into rows; what is good counts, whatever the rest looks like."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson
from django.db import connection

from mailer.tracking.post_json import read_array, written
from mailer.tracking.reading import number

LONGEST_ID = 200
LONGEST_KIND = 40
LONGEST_TIMESTAMP = 40
"""Characters of one in quotes: what is read once is remembered for a while."""
EARLIEST = datetime(2009, 1, 1, tzinfo=UTC)
"""SendGrid's first year."""
AHEAD = timedelta(days=7)
"""How far a time stamp may lie ahead of our clock: a request may be scheduled for up to 72 hours."""


@dataclass(
    slots=True
)  # to make a frozen one takes three times as long, and tens of thousands are made a second
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
    """What a post holds. `refused` are the items that are no events, as JSON, `unreadable` is what is no JSON; `unnamed`
    counts the events without an id."""

    rows: tuple[Row, ...]
    refused: tuple[str, ...]
    unreadable: tuple[str, ...]
    unnamed: int


def store(body: bytes) -> int:
    """Keep a post as it came; it commits unless the caller holds a transaction. Folding reads the rest of it.

    Returns: how many items it holds; an empty one is not kept.
    Raises:
        BadPost: the body is no JSON array.
    """
    count = len(read_array(body).items)
    if count:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO tracking_post (events, body) VALUES (%s, %b)", [count, body])
    return count


def read_post(body: bytes, received: datetime) -> Items:
    """Read a post.

    An event without a usable `sg_event_id` gets one from a hash of itself, so that it is still known again
    when SendGrid repeats it. One without a believable time stamp (unix seconds) happened when it was received.

    Raises:
        BadPost: the body is no JSON array.
    """
    found = read_array(body)
    rows = tuple(_row(item, received) for item in found.items if isinstance(item, dict))
    refused = tuple(written(item)[1] for item in found.items if not isinstance(item, dict))
    unnamed = sum(row.sg_event_id.startswith("sha256:") for row in rows)
    return Items(rows, refused, found.unreadable, unnamed)


def _row(event: dict[str, Any], received: datetime) -> Row:
    event, as_json = written(event)
    given, kind = event.get("sg_event_id"), event.get("event")
    named = isinstance(given, str) and 0 < len(given) <= LONGEST_ID
    return Row(
        sg_event_id=str(given) if named else _derived_id(event),
        kind=kind[:LONGEST_KIND] if isinstance(kind, str) else "",
        at=_happened(event.get("timestamp"), received),
        received_at=received,
        subscriber_id=number(event.get("mailer_subscriber")),
        payload=event,
        written=as_json,
    )


def _derived_id(event: dict[str, Any]) -> str:
    return f"sha256:{hashlib.sha256(orjson.dumps(event, option=orjson.OPT_SORT_KEYS)).hexdigest()}"


def _happened(timestamp: Any, received: datetime) -> datetime:
    if isinstance(timestamp, bool) or not isinstance(timestamp, int | float | str):
        return received
    if isinstance(timestamp, str) and len(timestamp) > LONGEST_TIMESTAMP:
        return received
    return _moment(timestamp, received)


@lru_cache(maxsize=4096)
def _moment(timestamp: float | str, received: datetime) -> datetime:
    """Many events of a post happened in the same second."""
    try:
        moment = datetime.fromtimestamp(float(timestamp), UTC)
    except (ValueError, OverflowError, OSError):
        return received
    return moment if EARLIEST <= moment <= received + AHEAD else received
