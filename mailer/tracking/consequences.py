"""What follows from an event beyond the figures: a submission is settled, somebody leaves, an address is suppressed.

These happen once, when an event is folded for the first time, and not when figures are rebuilt: whoever came
back since, or was taken off the suppressions by staff, stays so.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db.backends.utils import CursorWrapper

from mailer.delivery.settle import accept
from mailer.tracking.reading import Reading
from subscribers.leaving import leave
from subscribers.models import SuppressionReason
from subscribers.privacy import erased

SOURCE = "event: "
"""How the source of a consent record begins that an event caused."""


def act(cursor: CursorWrapper, readings: Sequence[Reading]) -> None:
    """Do what the events call for; doing it again changes nothing."""
    _leave_lists(cursor, [reading for reading in readings if reading.leaves])
    submissions = {reading.submission_id for reading in readings if reading.submission_id is not None}
    if submissions:
        accept(sorted(submissions), evidence="event")
    _suppress(cursor, _not_erased([reading for reading in readings if reading.suppression]))


def _leave_lists(cursor: CursorWrapper, readings: Sequence[Reading]) -> None:
    """Whoever unsubscribed by way of a mail leaves the list that it was sent to.

    An event may be days late: who signed up again after it stays.
    """
    if not readings:
        return
    # Locked in one order before the first of them changes, and before any delivery is.
    cursor.execute(
        """
        SELECT subscription.mailing_list_id, subscription.subscriber_id, given.send_id, given.kind
        FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::text[])
            AS given (send_id, subscriber_id, at, kind)
        JOIN delivery_delivery delivery
            ON delivery.send_id = given.send_id AND delivery.subscriber_id = given.subscriber_id
        JOIN delivery_send send ON send.id = given.send_id
        JOIN subscribers_subscription subscription ON subscription.mailing_list_id = send.mailing_list_id
            AND subscription.subscriber_id = given.subscriber_id
        WHERE subscription.state <> 'unsubscribed' AND NOT EXISTS (
            SELECT 1 FROM subscribers_consent consent
            WHERE consent.subscriber_id = given.subscriber_id AND consent.mailing_list_id = send.mailing_list_id
                AND consent.action IN ('signed_up', 'confirmed') AND consent.at > given.at
        )
        ORDER BY subscription.mailing_list_id, subscription.subscriber_id, given.at
        FOR UPDATE OF subscription
        """,
        [
            [reading.send_id for reading in readings],
            [reading.subscriber_id for reading in readings],
            [reading.at for reading in readings],
            [reading.kind for reading in readings],
        ],
    )
    for mailing_list_id, subscriber_id, send_id, kind in cursor.fetchall():
        leave(mailing_list_id, subscriber_id, source=f"{SOURCE}{kind}", origin=send_id)


def _not_erased(readings: Sequence[Reading]) -> list[Reading]:
    """Those about addresses that may be written down. That an erased one must get nothing is kept with its hash."""
    if not readings:
        return []
    is_erased = erased.matcher()
    return [
        reading
        for reading in readings
        if not is_erased(reading.address)
        or not erased.suppress(reading.address, SuppressionReason(str(reading.suppression)))
    ]


def _suppress(cursor: CursorWrapper, readings: Sequence[Reading]) -> None:
    """Suppress the address that the event names, or else the subscriber's."""
    if not readings:
        return
    columns: list[list[str | int | datetime | None]] = [
        [reading.address for reading in readings],
        [reading.subscriber_id for reading in readings],
        [reading.suppression for reading in readings],
        [reading.detail for reading in readings],
        [reading.at for reading in readings],
    ]
    cursor.execute(
        """
        INSERT INTO subscribers_suppression (address, reason, detail, origin)
        SELECT DISTINCT ON (address, reason) address, reason, detail, 'provider'
        FROM (
            SELECT lower(coalesce(nullif(given.named, ''), subscriber.email)) AS address, given.*
            FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::timestamptz[])
                AS given (named, subscriber_id, reason, detail, at)
            LEFT JOIN subscribers_subscriber subscriber
                ON subscriber.id = given.subscriber_id AND subscriber.erased_at IS NULL
        ) found
        -- a late event does not undo what staff decided since; a complaint is never lifted
        WHERE char_length(address) BETWEEN 1 AND 320 AND (reason = 'complaint' OR NOT EXISTS (
            SELECT 1 FROM subscribers_lifting lifting WHERE lifting.address = found.address AND lifting.at >= found.at
        ))
        ORDER BY address, reason, at
        ON CONFLICT (address, reason) DO NOTHING
        """,
        columns,
    )
