"""Submitting a batch: claim it, make the one request, record what came of it."""

from functools import cache

import structlog
from django.conf import settings
from django.db import DatabaseError

from mailer.delivery.claim import claim
from mailer.delivery.models import Batch
from mailer.delivery.record import record
from mailer.delivery.steer import pause
from mailer.sendgrid.client import SendGrid
from mailer.sendgrid.errors import SendGridError
from mailer.sendgrid.outcome import classify

log = structlog.get_logger()


def submit(batch_id: int) -> bool:
    """Submit a batch if it is waiting and due; otherwise do nothing.

    Safe to call twice and from many workers at once: the claim lets one through.

    Returns: whether a request was made.
    """
    try:
        claimed = claim(batch_id)
    except SendGridError as error:
        _stop_and_show(batch_id, error.code, error.message)
        return False
    except DatabaseError:
        raise  # the sweeper hands it out again
    except Exception as error:
        log.exception("claim_failed", batch=batch_id)
        _stop_and_show(
            batch_id, "claim_failed", f"A batch cannot be made into a request ({type(error).__name__})."
        )
        return False
    if claimed is None:
        return False
    answer = sendgrid().send_mail(claimed.body)
    record(claimed, classify(answer), answer.status)
    return True


@cache
def sendgrid() -> SendGrid:
    """This process's client; its connections are shared by all threads."""
    environment = settings.ENVIRONMENT
    return SendGrid(
        environment.sendgrid_api_key, environment.sendgrid_host, read_timeout=environment.sendgrid_timeout
    )


def _stop_and_show(batch_id: int, code: str, reason: str) -> None:
    """What cannot be put into a request would fail for ever; the claim was rolled back, nothing was sent."""
    log.error("batch_cannot_be_built", batch=batch_id, code=code)
    pause(Batch.objects.values_list("send_id", flat=True).get(pk=batch_id), reason)
