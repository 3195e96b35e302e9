"""Claiming a batch: from here on exactly one submission of it is under way, and the database says so.

The claim is committed before a byte leaves. Whoever left the list or was suppressed since the plan is taken
out in the same transaction, so the request that follows is the newest truth there is; and the deliveries of the others
are written, which the database allows once for a subscriber and a send. Pauses that began since are looked at too; the
audience and the cadence are the plan's.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import orjson
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from mailer.delivery.exclusions import RANK, REASON
from mailer.delivery.requests import Recipients, compiled_edition, request_body, sendable

MAY_GO = """
send.started_at IS NOT NULL AND send.paused_at IS NULL AND send.cancelled_at IS NULL
    AND (batch.in_test OR send.test_share IS NULL OR send.winner IS NOT NULL)
"""
"""Whether a waiting batch of a send may go out when it is due; in a test's send, the others wait for the winner."""


@dataclass(frozen=True)
class Claim:
    """A submission that may now be made: once, by the holder of this. `send_id` is None for a letter's."""

    batch_id: int
    send_id: int | None
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
        recipients, excluded = _read(cursor, mailing_list_id, subscriber_ids, edition.fields)
        ids, parts, refused = sendable(edition, recipients)
        _exclude(cursor, send_id, excluded)
        if attempts == 1:
            _write_deliveries(cursor, send_id, batch_id, [*ids, *refused])
        reject_deliveries(cursor, send_id, refused)
        if len(ids) < len(subscriber_ids):
            _shrink(cursor, batch_id, ids)
        if not ids:
            return None
        cursor.execute(
            "INSERT INTO delivery_submission (id, batch_id, size) VALUES (%s, %s, %s)",
            [submission_id, batch_id, len(ids)],
        )
        body = request_body(edition, parts, submission_id)
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
    cursor: CursorWrapper, mailing_list_id: int, subscriber_ids: Sequence[int], fields: Sequence[str]
) -> tuple[Recipients, dict[int, str]]:
    """The batch's recipients with these fields, and the reason by id of each that must now get nothing."""
    columns = ", ".join(fields)
    # Each table is asked for the thousand by their list, which is a look-up in an index whatever its size: a plan
    # that reads a whole table instead is made a thousand times in a large send.
    cursor.execute(
        f"""
        WITH subscriber AS MATERIALIZED (
            SELECT id, lower(email) AS address, {columns} FROM subscribers_subscriber WHERE id = ANY(%(ids)s::bigint[])
        )
        SELECT id, {REASON} AS reason, {columns}
        FROM subscriber
        LEFT JOIN (
            SELECT subscriber_id, state, paused_until, paused_because FROM subscribers_subscription
            WHERE mailing_list_id = %(list)s AND subscriber_id = ANY(%(ids)s::bigint[])
        ) subscription ON subscription.subscriber_id = subscriber.id
        LEFT JOIN (
            SELECT address, min({RANK}) AS rank FROM subscribers_suppression suppression
            WHERE address = ANY(ARRAY(SELECT address FROM subscriber)) GROUP BY address
        ) suppressed USING (address)
        ORDER BY id
        """,
        {"list": mailing_list_id, "ids": _array(subscriber_ids)},
    )
    rows = cursor.fetchall()
    excluded = {row[0]: row[1] for row in rows if row[1]}
    if excluded:
        rows = [row for row in rows if not row[1]]
    ids, _, *values = list(zip(*rows, strict=True)) or [()] * (2 + len(fields))
    read = dict(zip(fields, values, strict=True))
    if "attributes" in read:
        read["attributes"] = tuple({} if text == "{}" else orjson.loads(text) for text in read["attributes"])
    return Recipients(ids, read), excluded


def _write_deliveries(
    cursor: CursorWrapper, send_id: int, batch_id: int, subscriber_ids: Sequence[int]
) -> None:
    """From here on each of them has got the send or may have. The database refuses whoever is in it already."""
    cursor.execute(
        "INSERT INTO delivery_delivery (send_id, subscriber_id, batch_id) SELECT %s, unnest(%s::bigint[]), %s",
        [send_id, _array(subscriber_ids), batch_id],
    )


def _array(ids: Sequence[int]) -> str:
    """As text: psycopg takes longer to write a list than to read a whole answer."""
    return f"{{{','.join(map(str, ids))}}}"


def _exclude(cursor: CursorWrapper, send_id: int, reasons: dict[int, str]) -> None:
    """Whoever is found out at the claim. Those of an earlier try of the batch, which was not accepted, had a delivery."""
    if reasons:
        cursor.execute(
            "DELETE FROM delivery_delivery WHERE send_id = %s AND subscriber_id = ANY(%s)",
            [send_id, list(reasons)],
        )
        cursor.execute(
            """
            INSERT INTO delivery_exclusion (send_id, subscriber_id, reason, at_claim)
            SELECT %s, subscriber_id, reason, true
            FROM unnest(%s::bigint[], %s::text[]) AS given (subscriber_id, reason)
            """,
            [send_id, list(reasons), list(reasons.values())],
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
