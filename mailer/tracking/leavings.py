"""Leavings by our own pages and one-click addresses, attributed to the send that they came from.

The consent record is what they are derived from: it names the send as its origin and is never changed.
"""

from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from mailer.tracking.consequences import SOURCE
from mailer.tracking.reports.changed import figures_change


def on_left(subscriber_id: int, origin: int, **_: Any) -> None:
    """Receiver of subscribers.signals.left."""
    if origin:
        with connection.cursor() as cursor:
            attribute_leavings(cursor, subscriber_id)
        figures_change([origin])


def attribute_leavings(cursor: CursorWrapper, subscriber_id: int | None = None) -> None:
    """Note on deliveries that the reader left by way of them, at the earliest such moment.

    Records of leavings that an event reported are passed over: the event itself says when it was.

    Args:
        subscriber_id: only this one; None for everybody.
    """
    cursor.execute(
        """
        WITH leaving AS (
            SELECT subscriber_id, mailing_list_id, at,
                CASE WHEN detail->>'origin' ~ '^[0-9]{1,18}$' THEN (detail->>'origin')::bigint END AS send_id
            FROM subscribers_consent
            WHERE action = 'left' AND NOT starts_with(source, %s) AND (%s::bigint IS NULL OR subscriber_id = %s)
        ), first AS (
            SELECT leaving.send_id, leaving.subscriber_id, min(leaving.at) AS at
            FROM leaving
            JOIN delivery_send send ON send.id = leaving.send_id AND send.mailing_list_id = leaving.mailing_list_id
            GROUP BY 1, 2
        )
        UPDATE delivery_delivery delivery SET unsubscribed_at = least(delivery.unsubscribed_at, first.at)
        FROM first
        WHERE delivery.send_id = first.send_id AND delivery.subscriber_id = first.subscriber_id
            AND least(delivery.unsubscribed_at, first.at) IS DISTINCT FROM delivery.unsubscribed_at
        """,
        [SOURCE, subscriber_id, subscriber_id],
    )
