"""What workers run. Each task is safe to run twice, and carries at most an id."""

import time

import structlog
from celery import shared_task
from django.core.cache import cache
from kombu.exceptions import OperationalError

from mailer.delivery import settle as settling
from mailer.delivery import submit as submitting
from mailer.delivery import sweep as sweeping
from mailer.delivery.evidence import look_for_evidence

log = structlog.get_logger()

SWEPT_AT = "swept_at"
"""Where the cache keeps the time of the last sweep (unix seconds): the pulse of beat."""


@shared_task
def submit(batch_id: int) -> None:
    """Submit one batch."""
    submitting.submit(batch_id)


@shared_task
def sweep() -> None:
    """Hand out what is due."""
    try:
        sweeping.sweep()
        cache.set(SWEPT_AT, time.time(), timeout=None)
    except OperationalError as error:
        log.warning("queue_away", error=type(error).__name__)


@shared_task
def settle() -> None:
    """Look after submissions without a known outcome."""
    settling.expire_claims()
    look_for_evidence(submitting.sendgrid())
