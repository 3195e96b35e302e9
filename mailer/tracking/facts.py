"""Writing what events say onto deliveries and links, in bulk.

Every time stamp becomes the earliest that any event gave, so that the same events leave the same state
whatever their order, however they are cut into batches, and however often one of them is folded.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson
from django.db.backends.utils import CursorWrapper

from mailer.tracking.clicks import Key, mark_clicks, write_clicks
from mailer.tracking.reading import EARLIEST, FAILURES, Reading

Failure = tuple[int, datetime, str, bool, str, bool, str]
"""Rank, time and class of a failure, whether it has no status, its status, and the same of the block list that it names:
the least is the foremost."""


@dataclass(slots=True)
class Facts:
    """What some events say of one delivery: the earliest time of each fact, the foremost failure, and what is known of
    the first open by a person (time, program, device) and by a machine (time, rule)."""

    times: dict[str, datetime] = field(default_factory=dict)
    failure: Failure | None = None
    open: tuple[datetime, str, str] | None = None
    machine_open: tuple[datetime, str] | None = None

    def add(self, reading: Reading) -> None:
        """Take in one more event."""
        fact, at = reading.fact, reading.at
        if fact is None:
            return
        self.times[fact] = min(at, self.times.get(fact, at))
        if reading.failure is not None:
            # A hard bounce says more than a block, and that more than a drop; of one sort the first counts, and of
            # two at once one with a status, and one with a block list.
            failure = (
                *(FAILURES.index(fact), at, reading.failure),
                *(reading.status is None, reading.status or ""),
                *(reading.block_list is None, reading.block_list or ""),
            )
            self.failure = min(failure, self.failure or failure)
        elif fact == "opened_at":
            opened = (at, reading.opened_with, reading.opened_on)
            self.open = min(opened, self.open or opened)
        elif fact == "machine_opened_at":
            by_machine = (at, reading.machine)
            self.machine_open = min(by_machine, self.machine_open or by_machine)


def attribute_by_address(cursor: CursorWrapper, readings: Sequence[Reading]) -> list[Reading]:
    """The same readings; where only the address tells the delivery, with the newest one submitted before the event."""
    nameless = [place for place, reading in enumerate(readings) if reading.by_address]
    if not nameless:
        return list(readings)
    cursor.execute(
        """
        SELECT given.place, max(send.id), subscriber.id
        FROM unnest(%s::int[], %s::text[], %s::timestamptz[]) AS given (place, address, at)
        JOIN subscribers_subscriber subscriber ON lower(subscriber.email) = lower(given.address)
        CROSS JOIN delivery_send send
        -- a lookup by primary key for each send: deliveries have no index by subscriber
        CROSS JOIN LATERAL (
            SELECT batch_id, rejected_because FROM delivery_delivery
            WHERE send_id = send.id AND subscriber_id = subscriber.id LIMIT 1
        ) delivery
        WHERE delivery.rejected_because IS NULL AND EXISTS (
            SELECT 1 FROM delivery_submission submission
            WHERE submission.batch_id = delivery.batch_id
                AND submission.outcome IS DISTINCT FROM 'rejected'
                AND submission.outcome IS DISTINCT FROM 'not_accepted'
                -- an event's time stamp is in whole seconds
                AND submission.started_at < given.at + interval '1 second'
        )
        GROUP BY given.place, subscriber.id
        """,
        [nameless, [readings[n].address for n in nameless], [readings[n].at for n in nameless]],
    )
    attributed = list(readings)
    for place, send_id, subscriber_id in cursor.fetchall():
        attributed[place] = replace(readings[place], send_id=send_id, subscriber_id=subscriber_id)
    return attributed


def write_facts(cursor: CursorWrapper, readings: Iterable[Reading]) -> None:
    """Write what the events say onto the deliveries they name, and clicks onto their links.

    Events that name no delivery of ours leave no trace here.
    """
    facts: dict[Key, Facts] = {}
    clicks: list[Reading] = []
    clicked: set[Key] = set()
    for reading in readings:
        if reading.send_id is None or reading.subscriber_id is None:
            continue
        key = (reading.send_id, reading.subscriber_id)
        if reading.kind == "click":
            clicks.append(reading)
            clicked.add(key)
        if reading.fact is not None or reading.kind == "click":
            facts.setdefault(key, Facts()).add(reading)
    if facts:
        clicked |= _lock(cursor, facts)
        _write_deliveries(cursor, facts)
        write_clicks(cursor, clicks)
        mark_clicks(cursor, clicked)


# Only names of our own columns are put into the statement.
_CHANGES = ", ".join(f"{fact} = least(delivery.{fact}, given.{fact})" for fact in EARLIEST)
_DIFFERS = " OR ".join(
    f"least(delivery.{fact}, given.{fact}) IS DISTINCT FROM delivery.{fact}" for fact in EARLIEST
)
# Whether the failure that is given comes before the one that the delivery has.
_FAILURE = """
given.class IS NOT NULL AND (
    delivery.bounce_class IS NULL
    OR (
        given.rank, given.class_at, given.class COLLATE "C", given.nameless, given.status COLLATE "C",
        given.unlisted, given.list COLLATE "C"
    ) < (
        CASE WHEN delivery.bounced_at IS NOT NULL THEN 0 WHEN delivery.blocked_at IS NOT NULL THEN 1 ELSE 2 END,
        coalesce(delivery.bounced_at, delivery.blocked_at, delivery.dropped_at),
        delivery.bounce_class COLLATE "C",
        delivery.refusal_status IS NULL, coalesce(delivery.refusal_status, '') COLLATE "C",
        delivery.block_list IS NULL, coalesce(delivery.block_list, '') COLLATE "C"
    )
)
"""
# The same of the first open by a person, and by a machine.
_OPEN = """
given.opened_at IS NOT NULL AND (
    delivery.opened_at IS NULL
    OR (given.opened_at, given.opened_with COLLATE "C", given.opened_on COLLATE "C") < (
        delivery.opened_at, coalesce(delivery.opened_with, '') COLLATE "C", coalesce(delivery.opened_on, '') COLLATE "C"
    )
)
"""
_MACHINE_OPEN = """
given.machine_opened_at IS NOT NULL AND (
    delivery.machine_opened_at IS NULL
    OR (given.machine_opened_at, given.machine_rule COLLATE "C")
        < (delivery.machine_opened_at, coalesce(delivery.machine_rule, '') COLLATE "C")
)
"""
_COMES_FIRST = {
    "bounce_class": (_FAILURE, "class"),
    "refusal_status": (_FAILURE, "status"),
    "block_list": (_FAILURE, "list"),
    "opened_with": (_OPEN, "opened_with"),
    "opened_on": (_OPEN, "opened_on"),
    "machine_rule": (_MACHINE_OPEN, "machine_rule"),
}
"""Columns that are what the foremost event says, when that is the one given, and its column of what is given."""
_REPLACED = ", ".join(
    f"{column} = CASE WHEN {first} THEN nullif(given.{name}, '') ELSE delivery.{column} END"
    for column, (first, name) in _COMES_FIRST.items()
)
_OF_FAILURE = ("rank", "class_at", "class", "nameless", "status", "unlisted", "list")
_UPDATE = f"""
UPDATE delivery_delivery delivery SET {_CHANGES}, {_REPLACED}
FROM json_to_recordset(%s) AS given (
    send_id bigint, subscriber_id bigint,
    rank int, class_at timestamptz, class text, nameless boolean, status text, unlisted boolean, list text,
    opened_with text, opened_on text, machine_rule text,
    {", ".join(f"{fact} timestamptz" for fact in EARLIEST)}
)
WHERE delivery.send_id = given.send_id AND delivery.subscriber_id = given.subscriber_id
    AND ({_DIFFERS} OR {_FAILURE} OR {_OPEN} OR {_MACHINE_OPEN})
"""


def _lock(cursor: CursorWrapper, keys: Iterable[Key]) -> set[Key]:
    """Lock the deliveries, all in one order: two foldings of the same people wait for each other instead of failing.

    Returns: those of which clicks are known.
    """
    cursor.execute(
        """
        SELECT send_id, subscriber_id, num_nonnulls(clicked_at, machine_clicked_at) FROM delivery_delivery
        JOIN json_to_recordset(%s) AS given (send_id bigint, subscriber_id bigint) USING (send_id, subscriber_id)
        ORDER BY send_id, subscriber_id FOR NO KEY UPDATE OF delivery_delivery
        """,
        [_json([{"send_id": send, "subscriber_id": subscriber} for send, subscriber in keys])],
    )
    return {(send, subscriber) for send, subscriber, clicks in cursor.fetchall() if clicks}


def _write_deliveries(cursor: CursorWrapper, facts: dict[Key, Facts]) -> None:
    given = [_columns(key, found) for key, found in facts.items() if found.times]
    if given:
        cursor.execute(_UPDATE, [_json(given)])


def _columns(key: Key, found: Facts) -> dict[str, Any]:
    """What is given of a delivery; a column that is left out is NULL."""
    columns: dict[str, Any] = {"send_id": key[0], "subscriber_id": key[1], **found.times}
    if found.failure is not None:
        columns |= zip(_OF_FAILURE, found.failure, strict=True)
    if found.open is not None:
        _, columns["opened_with"], columns["opened_on"] = found.open
    if found.machine_open is not None:
        _, columns["machine_rule"] = found.machine_open
    return columns


def _json(rows: list[dict[str, Any]]) -> str:
    """Rows as one parameter: psycopg writes arrays item by item, which took longer than PostgreSQL takes with them."""
    return orjson.dumps(rows).decode()
