"""Submitting a batch: wait for its turn, claim it, make the one request, record what came of it."""

from collections.abc import Callable
from functools import cache

import structlog
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection

from mailer.delivery.claim import MAY_GO, Claim, claim
from mailer.delivery.models import Batch
from mailer.delivery.notices import pause_and_tell
from mailer.delivery.pacing.pace import Later, pace
from mailer.delivery.pacing.ration import BATCHES, HAS_CEILINGS
from mailer.delivery.record import LONGEST_DELAY, record
from mailer.sendgrid.client import SendGrid
from mailer.sendgrid.errors import SendGridError
from mailer.sendgrid.outcome import Outcome, classify
from mailer.vitals.counting import count_request

log = structlog.get_logger()


def submit(batch_id: int) -> bool:
    """Submit a batch if it is waiting and due; otherwise do nothing.

    Where the pace does not let it go soon, it is put off until then. Safe to call twice and from many workers at
    once: the claim lets one through.

    Returns: whether a request was made.
    """
    size = _size(batch_id)
    return size is not None and make_request(batch_id, size, _claim)


def make_request(batch_id: int, size: int, claim_it: Callable[[int], Claim | None]) -> bool:
    """Wait for the turn of a batch, claim it, make its request and record what came of it.

    Args:
        size: recipients that the request will have, at most.
        claim_it: claims the batch; None where there is nothing to do.
    Returns: whether a request was made.
    """
    lease = pace().enter(size)
    if isinstance(lease, Later):
        _put_off(batch_id, lease)
        return False
    outcome: Outcome | None = None
    status = None
    try:
        claimed = claim_it(batch_id)
        if claimed is None:
            return False
        answer = sendgrid().send_mail(claimed.body)
        outcome, status = classify(answer), answer.status
    finally:
        pace().leave(lease, outcome, status)
    record(claimed, outcome, status)
    return True


@cache
def sendgrid() -> SendGrid:
    """This process's client; its connections are shared by all threads."""
    environment = settings.ENVIRONMENT
    return SendGrid(
        environment.sendgrid_api_key,
        environment.sendgrid_host,
        read_timeout=environment.sendgrid_timeout,
        observer=count_request,
    )


def _size(batch_id: int) -> int | None:
    """How many recipients the request will have, at most. None where there is nothing to do.

    The turn is waited for before the claim, because a claimed batch must go at once. Under ceilings only what the
    sweep has counted may go: a second task of the same batch may come after it was put back.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT batch.size FROM {BATCHES}
            WHERE batch.id = %s AND batch.state = 'waiting' AND batch.due_at <= statement_timestamp() AND {MAY_GO}
                AND (batch.queued_at IS NOT NULL OR NOT {HAS_CEILINGS})
            """,
            [batch_id],
        )
        row = cursor.fetchone()
    return row and int(row[0])


def _put_off(batch_id: int, later: Later) -> None:
    """Back to the database, to be handed out again when its turn may come."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE delivery_batch SET due_at = statement_timestamp() + make_interval(secs => %s), queued_at = NULL,
                changed_at = statement_timestamp()
            WHERE id = %s AND state = 'waiting' AND due_at <= statement_timestamp()
            """,
            [min(later.seconds, LONGEST_DELAY), batch_id],
        )
    log.debug("batch_put_off", batch=batch_id, seconds=round(later.seconds, 1), reason=later.reason)


def _claim(batch_id: int) -> Claim | None:
    """The claim, or None where there is nothing to do or no request can be made, which pauses the send."""
    try:
        return claim(batch_id)
    except SendGridError as error:
        _stop_and_show(batch_id, error.code, error.message)
    except IntegrityError:
        _stop_and_show(batch_id, "twice", "A batch holds somebody who is in this send already.")
    except DatabaseError:
        raise  # the sweeper hands it out again
    except Exception as error:
        log.exception("claim_failed", batch=batch_id)
        _stop_and_show(
            batch_id, "claim_failed", f"A batch cannot be made into a request ({type(error).__name__})."
        )
    return None


def _stop_and_show(batch_id: int, code: str, reason: str) -> None:
    """What cannot be put into a request would fail for ever; the claim was rolled back, nothing was sent."""
    log.error("batch_cannot_be_built", batch=batch_id, code=code)
    pause_and_tell(Batch.objects.values_list("send_id", flat=True).get(pk=batch_id), "refused", reason)
