"""Handing due batches to the queue.

The queue may lose what it holds: what is due is read from the database, and handed out again when the queue
is empty although batches wait. A batch that is handed out twice does no harm; its claim lets one through.
"""

from collections.abc import Callable
from typing import Any

import structlog
from amqp.exceptions import ChannelError
from celery import current_app
from django.db import DatabaseError, connection, transaction
from kombu import Connection
from kombu.exceptions import OperationalError

from mailer.delivery.claim import MAY_GO
from mailer.delivery.pacing.hold import hold_late
from mailer.delivery.pacing.ration import BATCHES, HAS_CEILINGS, rationed, take

log = structlog.get_logger()

QUEUE = "send"
AT_ONCE = 5_000
"""Batches in one sweep, and of each newsletter with ceilings besides: five million recipients."""
LOST_AFTER = 5
"""Seconds. With an empty queue, a batch that was handed out longer ago and still waits was lost on its way."""
STALE_AFTER = 300
"""Seconds. With a queue that is never empty: the same."""


def sweep() -> int:
    """Hand out every batch that waits, is due and is not on its way, as far as ceilings allow. Returns how many.

    Before that, what came back to a cancelled send is cancelled, and a send that is too late is held.

    Raises:
        kombu.exceptions.OperationalError: the queue is away. Nothing is lost: the next sweep does it.
    """
    _cancel_the_rest()
    hold_late()
    handed = hand_out("mailer.delivery.tasks.submit", QUEUE, _take_due)
    if handed:
        log.info("batches_handed_out", count=handed)
    return handed


def hand_out(task: str, queue: str, take_due: Callable[[int], list[int]]) -> int:
    """Put a task into a queue for each batch that is taken. Returns how many.

    Args:
        take_due: marks what is due as handed out, and returns it. It is told after how many seconds a batch that was
            handed out and still waits counts as lost.
    Raises:
        kombu.exceptions.OperationalError: the queue is away.
    """
    with current_app.connection_for_write() as connected:
        try:
            due = take_due(LOST_AFTER if _is_empty(connected, queue) else STALE_AFTER)
            if due:
                with current_app.amqp.Producer(connected, auto_declare=True) as producer:
                    for batch_id in due:
                        current_app.send_task(
                            task, (batch_id,), queue=queue, producer=producer, ignore_result=True
                        )
        except connected.connection_errors as error:  # each kind of queue has its own
            raise OperationalError(str(error)) from error
    return len(due)


def _take_due(lost_after: int) -> list[int]:
    due = _take_unlimited(lost_after)
    for newsletter_id in rationed():
        try:
            due += take(newsletter_id, AT_ONCE)
        except DatabaseError:
            raise
        except Exception:  # what somebody wrote into one newsletter must not stop the others
            log.exception("newsletter_cannot_be_rationed", newsletter=newsletter_id)
    return due


def _take_unlimited(lost_after: int) -> list[int]:
    """What no ceiling decides about, or did so already: it was handed out and got lost."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE delivery_batch SET queued_at = statement_timestamp()
            WHERE id IN (
                SELECT batch.id FROM {BATCHES}
                WHERE batch.state = 'waiting' AND batch.due_at <= statement_timestamp() AND {MAY_GO}
                    AND (batch.queued_at IS NULL AND NOT {HAS_CEILINGS}
                        OR batch.queued_at < statement_timestamp() - make_interval(secs => %s))
                ORDER BY batch.id LIMIT %s FOR UPDATE OF batch SKIP LOCKED
            )
            RETURNING id
            """,
            [lost_after, AT_ONCE],
        )
        return sorted(batch_id for (batch_id,) in cursor.fetchall())


def _cancel_the_rest() -> None:
    """An answer that came after its send was cancelled may have put a batch back among those that wait."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE delivery_batch SET state = 'cancelled', queued_at = NULL, changed_at = statement_timestamp()
            WHERE id IN (
                SELECT batch.id FROM delivery_batch batch JOIN delivery_send send ON send.id = batch.send_id
                WHERE batch.state = 'waiting' AND send.cancelled_at IS NOT NULL
                ORDER BY batch.id FOR UPDATE OF batch SKIP LOCKED
            )
            """
        )
        if cursor.rowcount:
            log.info("batches_cancelled", count=cursor.rowcount)


def _is_empty(connected: Connection, queue: str) -> bool:
    """Whether the queue holds nothing. One that does not exist yet holds nothing either."""
    channel: Any = connected.channel()
    try:
        return bool(channel.queue_declare(queue, passive=True).message_count == 0)
    except ChannelError:
        return True
