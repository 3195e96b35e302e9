"""Taking out of events what says whom they are about, so that every figure can still be rebuilt from them.

What stays is what a figure is made of: the kind, the time, the numbers of send, subscriber and submission, the class of
a failure, the link of a click, whether a program opened or clicked. Address, IP, user agent and what the receiving
server wrote are gone.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from django.db import connection
from django.db.backends.utils import CursorWrapper

from mailer.tracking.blocklists import reason_of
from mailer.tracking.facts import attribute_by_address
from mailer.tracking.intake import Row
from mailer.tracking.machines import without_agent
from mailer.tracking.reading import Reading, read
from subscribers.models import Subscriber
from subscribers.privacy import erased

KEPT = (
    "event", "timestamp", "type", "sg_machine_open", "asm_group_id", "url_offset",
    "mailer_send", "mailer_subscriber", "mailer_letter", "mailer_submission",
)  # fmt: skip
"""Of a payload, the parts that say nothing of the person and are kept as they are."""
ADDRESS = re.compile(r"[^\s<>()\"',;:]+@[^\s<>()\"',;:]+")

Kept = tuple[int, str, datetime, str]
"""A kept event: number, kind, time, payload in JSON."""


def scrub_events(subscriber: Subscriber) -> None:
    """Scrub every event about a person: those that name their number, and those that have only their address.

    Two indexes find them. What comes in later is scrubbed before it is kept (see without_the_erased); until
    then, for seconds, its post waits as it came.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id, kind, at, payload::text FROM tracking_event WHERE subscriber_id = %s
            UNION ALL
            SELECT id, kind, at, payload::text FROM tracking_event
            WHERE subscriber_id IS NULL AND lower(payload->>'email') = lower(%s)
            ORDER BY id
            """,
            [subscriber.pk, subscriber.email],
        )
        rows = cursor.fetchall()
        # Where only the address tells the delivery, the event must name it from now on.
        _scrub(cursor, rows, attribute_by_address(cursor, _read(rows)))


def without_the_erased(cursor: CursorWrapper, rows: Sequence[Row], readings: Sequence[Reading]) -> list[Row]:
    """The rows as they may be kept: those that are about people who are erased, scrubbed.

    Args:
        readings: the rows, read, in the same order.
    """
    # The row's number too: an event of a letter names the person and no send.
    numbers = [
        reading.subscriber_id or row.subscriber_id for row, reading in zip(rows, readings, strict=True)
    ]
    cursor.execute(
        "SELECT id FROM subscribers_subscriber WHERE erased_at IS NOT NULL AND id = ANY(%s)",
        [sorted({number for number in numbers if number})],
    )
    gone = {number for (number,) in cursor.fetchall()}
    is_erased = erased.matcher()
    late = {
        place
        for place, (number, reading) in enumerate(zip(numbers, readings, strict=True))
        if number in gone or (reading.subscriber_id is None and is_erased(reading.address))
    }
    links = _links(cursor, [readings[place] for place in late]) if late else set()
    return [
        _scrubbed(row, reading, links) if place in late else row
        for place, (row, reading) in enumerate(zip(rows, readings, strict=True))
    ]


def _scrubbed(row: Row, reading: Reading, links: set[str]) -> Row:
    payload = _without_person(row.payload, reading, links)
    return replace(row, payload=payload, written=orjson.dumps(payload).decode())


def _read(rows: Iterable[Kept]) -> list[Reading]:
    return [read(kind, at, orjson.loads(payload)) for _, kind, at, payload in rows]


def _scrub(cursor: CursorWrapper, rows: Sequence[Kept], readings: Sequence[Reading]) -> None:
    if not rows:
        return
    links = _links(cursor, readings)
    payloads = [
        orjson.dumps(_without_person(orjson.loads(row[3]), reading, links)).decode()
        for row, reading in zip(rows, readings, strict=True)
    ]
    cursor.execute(
        """
        UPDATE tracking_event SET payload = given.payload
        FROM unnest(%s::bigint[], %s::timestamptz[], %s::jsonb[]) AS given (id, at, payload)
        WHERE tracking_event.id = given.id AND tracking_event.at = given.at
        """,
        [[row[0] for row in rows], [row[2] for row in rows], payloads],
    )
    _scrub_classes(cursor, [reading for reading in readings if ADDRESS.search(reading.failure or "")])


def _links(cursor: CursorWrapper, readings: Sequence[Reading]) -> set[str]:
    """The addresses of the links of the sends that these are about."""
    cursor.execute(
        "SELECT url FROM delivery_link WHERE send_id = ANY(%s)",
        [sorted({reading.send_id for reading in readings if reading.send_id})],
    )
    return {url for (url,) in cursor.fetchall()}


def _without_person(payload: Mapping[str, Any], reading: Reading, links: set[str]) -> dict[str, Any]:
    """The payload that is read as the same facts of the same delivery."""
    kept = {name: payload[name] for name in KEPT if name in payload}
    if reading.send_id is not None:
        kept |= {"mailer_send": str(reading.send_id), "mailer_subscriber": str(reading.subscriber_id)}
    if reading.failure is not None:
        where = "reason" if reading.fact == "dropped_at" else "bounce_classification"
        kept[where] = ADDRESS.sub("…", reading.failure)
    if reading.status is not None:
        kept["status"] = reading.status
    if reading.block_list is not None:
        kept["reason"] = reason_of(reading.block_list)
    kept |= without_agent(reading.machine, reading.opened_with, reading.opened_on)
    # A link of an issue is the same for everybody; any other may have been made for one reader.
    if reading.url in links:
        kept["url"] = reading.url
    return kept


def _scrub_classes(cursor: CursorWrapper, readings: Sequence[Reading]) -> None:
    """Of deliveries whose failure has a class with an address in it."""
    for reading in readings:
        cursor.execute(
            """
            UPDATE delivery_delivery SET bounce_class = %s
            WHERE send_id = %s AND subscriber_id = %s AND bounce_class = %s
            """,
            [
                ADDRESS.sub("…", reading.failure or ""),
                reading.send_id,
                reading.subscriber_id,
                reading.failure,
            ],
        )
