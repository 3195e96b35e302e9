"""Pausing a send, letting it go on, and cancelling it. Each takes effect with the next claim of every worker."""

import structlog
from django.db import connection, transaction
from django.db.models import Exists, Q, QuerySet
from django.utils import timezone

from mailer.delivery.models import Batch, Send

log = structlog.get_logger()

OPEN = (Batch.State.WAITING, Batch.State.SUBMITTING, Batch.State.UNKNOWN)
"""Of what may still go out: a submission that is unknown may turn out not to have been accepted."""


def pause(send_id: int, reason: str) -> bool:
    """Let no batch of the send out any more, those on their way to a worker included.

    Returns: False when it was not started, is over, or was paused or cancelled already.
    """
    running = _running(send_id).filter(paused_at=None)
    return running.update(paused_at=timezone.now(), paused_because=reason) == 1


def resume(send_id: int) -> bool:
    """Let the send go on. Returns False when it was not paused, or is cancelled."""
    with transaction.atomic():
        paused = Send.objects.filter(pk=send_id, cancelled_at=None).exclude(paused_at=None)
        resumed = paused.update(paused_at=None, paused_because="") == 1
        if resumed:
            count_lateness_from_now(send_id)
    return resumed


def cancel(send_id: int, reason: str) -> bool:
    """End a send for good: whoever did not get it by now gets it from another send, or not at all.

    Requests that are under way finish; what they bring is recorded as ever. What SendGrid did not accept of them is
    cancelled by the sweeper.

    Returns: False when it was not started, is over, or was cancelled already. One that was not started is discarded
        instead; of one that is over nothing is left to cancel.
    """
    with transaction.atomic():
        if not _running(send_id).update(cancelled_at=timezone.now(), cancelled_because=reason):
            return False
        cancelled = Batch.objects.filter(send_id=send_id, state=Batch.State.WAITING).update(
            state=Batch.State.CANCELLED, queued_at=None, changed_at=timezone.now()
        )
    log.info("send_cancelled", send=send_id, batches=cancelled)
    return True


def _running(send_id: int) -> QuerySet[Send]:
    """The send where it was started, is not cancelled, and something of it may still go out."""
    open_ = Batch.objects.filter(send_id=send_id, state__in=OPEN)
    running = Send.objects.filter(Exists(open_) | Q(rolling=True), pk=send_id, cancelled_at=None)
    return running.exclude(started_at=None)


def count_lateness_from_now(send_id: int) -> None:
    """What of a send waits and is due already is due now: the time before does not count as lateness."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE delivery_batch SET due_at = statement_timestamp(), queued_at = NULL
            WHERE send_id = %s AND state = 'waiting' AND due_at < statement_timestamp()
            """,
            [send_id],
        )
