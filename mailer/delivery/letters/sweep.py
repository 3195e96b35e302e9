"""Handing letters to a queue of their own: somebody waits for each, so none stands behind the batches of a send."""

import structlog
from django.db import connection

from mailer.delivery.letters.claim import LETTERS, MAY_GO
from mailer.delivery.sweep import AT_ONCE, hand_out

log = structlog.get_logger()

QUEUE = "letters"


def sweep_letters() -> int:
    """Hand out every letter that is due and not on its way. Returns how many.

    Raises:
        kombu.exceptions.OperationalError: the queue is away. Nothing is lost: the next sweep does it.
    """
    handed = hand_out("mailer.delivery.tasks.submit_letter", QUEUE, _take_due)
    if handed:
        log.info("letters_handed_out", count=handed)
    return handed


def _take_due(lost_after: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE delivery_batch SET queued_at = statement_timestamp()
            WHERE id IN (
                SELECT batch.id FROM {LETTERS}
                WHERE {MAY_GO} AND (
                    batch.queued_at IS NULL OR batch.queued_at < statement_timestamp() - make_interval(secs => %s)
                )
                ORDER BY batch.id LIMIT %s FOR UPDATE OF batch SKIP LOCKED
            )
            RETURNING id
            """,
            [lost_after, AT_ONCE],
        )
        return sorted(batch_id for (batch_id,) in cursor.fetchall())
