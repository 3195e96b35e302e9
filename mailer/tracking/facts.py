"""Writing what events say onto deliveries and links, in bulk.

Every time stamp becomes the earliest that any event gave, so that the same events leave the same state
whatever their order, however they are cut into batches, and however often one of them is folded.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db.backends.utils import CursorWrapper

from mailer.tracking.reading import FACTS, FAILURES, Reading

Key = tuple[int, int]
"""Send and subscriber: a delivery."""
Failure = tuple[int, datetime, str, bool, str]
"""Rank, time and class of a failure, whether it has no status, and its status: the least is the foremost."""


@dataclass
class Facts:
    """What some events say of one delivery: the earliest time of each fact, and the foremost failure."""

    times: dict[str, datetime] = field(default_factory=dict)
    failure: Failure | None = None

    def add(self, reading: Reading) -> None:
        """Take in one more event."""
        fact, at, status = reading.fact, reading.at, reading.status
        if fact is None:
            return
        self.times[fact] = min(at, self.times.get(fact, at))
        if reading.failure is not None:
            # A hard bounce says more than a block, and that more than a drop; of one sort the first counts, and of
            # two at once one with a status.
            candidate = (FAILURES.index(fact), at, reading.failure, status is None, status or "")
            self.failure = min(candidate, self.failure or candidate)


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
    """Write what the events say onto the deliveries they name, and first clicks onto their links.

    Events that name no delivery of ours leave no trace here.
    """
    facts: dict[Key, Facts] = {}
    clicks: dict[tuple[int, int, str], datetime] = {}
    for reading in readings:
        if reading.fact is None or reading.send_id is None or reading.subscriber_id is None:
            continue
        key = (reading.send_id, reading.subscriber_id)
        facts.setdefault(key, Facts()).add(reading)
        if reading.url:
            click = (*key, reading.url)
            clicks[click] = min(reading.at, clicks.get(click, reading.at))
    if facts:
        _write_deliveries(cursor, facts)
    if clicks:
        _write_clicks(cursor, clicks)


# Only names of our own columns are put into the statement.
_CHANGES = ", ".join(f"{fact} = least(delivery.{fact}, given.{fact})" for fact in FACTS)
_DIFFERS = " OR ".join(
    f"least(delivery.{fact}, given.{fact}) IS DISTINCT FROM delivery.{fact}" for fact in FACTS
)
# Whether the failure that is given comes before the one that the delivery has.
_FOREMOST = """
given.class IS NOT NULL AND (
    delivery.bounce_class IS NULL
    OR (given.rank, given.class_at, given.class COLLATE "C", given.nameless, given.status COLLATE "C") < (
        CASE WHEN delivery.bounced_at IS NOT NULL THEN 0 WHEN delivery.blocked_at IS NOT NULL THEN 1 ELSE 2 END,
        coalesce(delivery.bounced_at, delivery.blocked_at, delivery.dropped_at),
        delivery.bounce_class COLLATE "C",
        delivery.refusal_status IS NULL,
        coalesce(delivery.refusal_status, '') COLLATE "C"
    )
)
"""
_UPDATE = f"""
UPDATE delivery_delivery delivery SET {_CHANGES},
    bounce_class = CASE WHEN {_FOREMOST} THEN given.class ELSE delivery.bounce_class END,
    refusal_status = CASE WHEN {_FOREMOST} THEN nullif(given.status, '') ELSE delivery.refusal_status END
FROM unnest(
    %s::bigint[], %s::bigint[], %s::int[], %s::timestamptz[], %s::text[], %s::boolean[], %s::text[]
    {", %s::timestamptz[]" * len(FACTS)}
) AS given (send_id, subscriber_id, rank, class_at, class, nameless, status, {", ".join(FACTS)})
WHERE delivery.send_id = given.send_id AND delivery.subscriber_id = given.subscriber_id
    AND ({_DIFFERS} OR {_FOREMOST})
"""


def _write_deliveries(cursor: CursorWrapper, facts: dict[Key, Facts]) -> None:
    sends, subscribers = [send for send, _ in facts], [subscriber for _, subscriber in facts]
    # Locked in one order, so that two foldings of the same people wait for each other instead of both failing.
    cursor.execute(
        """
        SELECT 1 FROM delivery_delivery
        JOIN unnest(%s::bigint[], %s::bigint[]) AS given (send_id, subscriber_id) USING (send_id, subscriber_id)
        ORDER BY send_id, subscriber_id FOR NO KEY UPDATE OF delivery_delivery
        """,
        [sends, subscribers],
    )
    failures = [found.failure or (None,) * 5 for found in facts.values()]
    times = [[found.times.get(fact) for found in facts.values()] for fact in FACTS]
    cursor.execute(_UPDATE, [sends, subscribers, *map(list, zip(*failures, strict=True)), *times])


def _write_clicks(cursor: CursorWrapper, clicks: dict[tuple[int, int, str], datetime]) -> None:
    """A click counts for the link of its send that has its address, and for people the send went to."""
    cursor.execute(
        """
        INSERT INTO tracking_click (link_id, subscriber_id, at)
        SELECT link.id, given.subscriber_id, min(given.at)
        FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[])
            AS given (send_id, subscriber_id, url, at)
        JOIN delivery_link link ON link.send_id = given.send_id AND md5(link.url) = md5(given.url)
        JOIN delivery_delivery delivery
            ON delivery.send_id = given.send_id AND delivery.subscriber_id = given.subscriber_id
        GROUP BY 1, 2
        ORDER BY 1, 2
        ON CONFLICT (link_id, subscriber_id) DO UPDATE SET at = excluded.at WHERE excluded.at < tracking_click.at
        """,
        [*([click[n] for click in clicks] for n in range(3)), list(clicks.values())],
    )
