"""Claiming a batch: from here on exactly one submission of it is under way, and the database says so.

The claim is committed before a byte leaves. Whoever left the list or was suppressed since the plan is taken
out in the same transaction, so the request that follows is the newest truth there is.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import orjson
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from mailer.delivery.exclusions import RANK, REASON
from mailer.delivery.requests import SUBSCRIBER_FIELDS, Recipient, compiled_edition, request_body, sendable

MAY_GO = """
send.started_at IS NOT NULL AND send.paused_at IS NULL AND send.cancelled_at IS NULL
    AND (batch.in_test OR send.test_share IS NULL OR send.winner IS NOT NULL)
"""
"""Whether a waiting batch of a send may go out when it is due; in a test's send, the others wait for the winner."""


@dataclass(frozen=True)
class Claim:
    """A submission that may now be made: once, by the holder of this."""

    batch_id: int
    send_id: int
    submission_id: UUID
    subscriber_ids: Sequence[int]
    attempts: int
    body: bytes = field(repr=False)


def claim(batch_id: int) -> Claim | None:
    """Claim a batch that is waiting and due.

    Returns None when there is nothing to do: another worker has it, it is settled, it is not due yet, its
    send is not started, paused, cancelled, or has not chosen the winner of its test, or nobody is left in it.
    """
    submission_id = uuid.uuid4()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE delivery_batch batch
            SET state = 'submitting', submission_id = %s, attempts = batch.attempts + 1, changed_at = statement_timestamp()
            FROM delivery_send send
            WHERE batch.id = %s AND batch.state = 'waiting' AND batch.due_at <= statement_timestamp()
                AND send.id = batch.send_id AND {MAY_GO}
            RETURNING batch.send_id, batch.edition_id, batch.subscriber_ids, batch.attempts, send.mailing_list_id
            """,
            [submission_id, batch_id],
        )
        claimed = cursor.fetchone()
        if claimed is None:
            return None
        send_id, edition_id, subscriber_ids, attempts, mailing_list_id = claimed
        edition = compiled_edition(edition_id)
        recipients, excluded = _read(cursor, mailing_list_id, subscriber_ids)
        good, refused = sendable(edition, recipients)
        ids = [subscriber_id for subscriber_id, _ in good]
        _exclude(cursor, send_id, excluded)
        reject_deliveries(cursor, send_id, refused)
        if len(ids) < len(subscriber_ids):
            _shrink(cursor, batch_id, ids)
        if not ids:
            return None
        cursor.execute(
            "INSERT INTO delivery_submission (id, batch_id, size) VALUES (%s, %s, %s)",
            [submission_id, batch_id, len(ids)],
        )
        body = request_body(edition, [part for _, part in good], submission_id)
    return Claim(batch_id, send_id, submission_id, ids, attempts, body)


def reject_deliveries(cursor: CursorWrapper, send_id: int, reasons: dict[int, str]) -> None:
    """Mark single recipients as rejected, each with its reason. Their batch must lose them too."""
    if reasons:
        cursor.execute(
            """
            UPDATE delivery_delivery SET rejected_because = refused.reason
            FROM unnest(%s::bigint[], %s::text[]) AS refused (subscriber_id, reason)
            WHERE send_id = %s AND delivery_delivery.subscriber_id = refused.subscriber_id
            """,
            [list(reasons), list(reasons.values()), send_id],
        )


def _read(
    cursor: CursorWrapper, mailing_list_id: int, subscriber_ids: Sequence[int]
) -> tuple[list[Recipient], dict[int, str]]:
    """The batch's recipients, and the reason by id of each that must now get nothing."""
    # Laterals, so that each of the thousand is looked up by an index: a plan that reads a whole table instead is
    # made a thousand times in a large send.
    cursor.execute(
        f"""
        SELECT subscriber.id, {REASON} AS reason, attributes, {", ".join(SUBSCRIBER_FIELDS)}
        FROM subscribers_subscriber subscriber
        LEFT JOIN LATERAL (
            SELECT state, paused_until FROM subscribers_subscription
            WHERE mailing_list_id = %s AND subscriber_id = subscriber.id LIMIT 1
        ) subscription ON true
        LEFT JOIN LATERAL (
            SELECT min({RANK}) AS rank FROM subscribers_suppression suppression
            WHERE suppression.address = lower(subscriber.email)
        ) suppressed ON true
        WHERE subscriber.id = ANY(%s)
        ORDER BY subscriber.id
        """,
        [mailing_list_id, list(subscriber_ids)],
    )
    recipients: list[Recipient] = []
    excluded: dict[int, str] = {}
    for subscriber_id, reason, attributes, *values in cursor.fetchall():
        if reason:
            excluded[subscriber_id] = reason
            continue
        fields = dict(zip(SUBSCRIBER_FIELDS, values, strict=True))
        fields["attributes"] = {} if attributes == "{}" else orjson.loads(attributes)
        recipients.append(Recipient(subscriber_id, fields["email"], fields))
    return recipients, excluded


def _exclude(cursor: CursorWrapper, send_id: int, reasons: dict[int, str]) -> None:
    if reasons:
        cursor.execute(
            """
            WITH late AS (
                DELETE FROM delivery_delivery WHERE send_id = %s AND subscriber_id = ANY(%s) RETURNING subscriber_id
            )
            INSERT INTO delivery_exclusion (send_id, subscriber_id, reason, at_claim)
            SELECT %s, late.subscriber_id, given.reason, true
            FROM late JOIN unnest(%s::bigint[], %s::text[]) AS given (subscriber_id, reason) USING (subscriber_id)
            """,
            [send_id, list(reasons), send_id, list(reasons), list(reasons.values())],
        )


def _shrink(cursor: CursorWrapper, batch_id: int, subscriber_ids: list[int]) -> None:
    """A batch that lost everybody is closed; it counts for nobody."""
    cursor.execute(
        """
        UPDATE delivery_batch SET subscriber_ids = %s,
            state = CASE WHEN cardinality(%s::bigint[]) = 0 THEN 'rejected' ELSE state END
        WHERE id = %s
        """,
        [subscriber_ids, subscriber_ids, batch_id],
    )
