"""Cutting a batch that is not under way in two."""

from django.db.backends.utils import CursorWrapper


def split(cursor: CursorWrapper, batch_id: int, size: int) -> int:
    """Keep the first `size` recipients of a batch, and put the rest into a new one that waits as it does.

    The caller holds the batch: nobody else may change it meanwhile.

    Returns: the new batch's id.
    """
    cursor.execute(
        """
        WITH rest AS (
            INSERT INTO delivery_batch (send_id, edition_id, subscriber_ids, in_test, domain, due_at, attempts)
            SELECT send_id, edition_id, subscriber_ids[%(size)s + 1:], in_test, domain, due_at, attempts
            FROM delivery_batch WHERE id = %(batch)s
            RETURNING id, send_id, subscriber_ids
        ), moved AS (
            UPDATE delivery_delivery delivery SET batch_id = rest.id
            FROM rest WHERE delivery.send_id = rest.send_id AND delivery.subscriber_id = ANY(rest.subscriber_ids)
        )
        UPDATE delivery_batch SET subscriber_ids = delivery_batch.subscriber_ids[:%(size)s]
        FROM rest WHERE delivery_batch.id = %(batch)s
        RETURNING rest.id
        """,
        {"batch": batch_id, "size": size},
    )
    (rest,) = cursor.fetchone()
    return int(rest)
