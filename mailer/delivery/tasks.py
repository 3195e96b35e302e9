"""What workers run. Each task is safe to run twice, and carries at most an id."""

import threading
import time

import structlog
from celery import shared_task
from celery.signals import worker_shutting_down
from django.core.cache import cache
from kombu.exceptions import OperationalError

from mailer.delivery import guard as guarding
from mailer.delivery import settle as settling
from mailer.delivery import submit as submitting
from mailer.delivery import sweep as sweeping
from mailer.delivery.evidence import look_for_evidence
from mailer.delivery.letters import submit as submitting_letters
from mailer.delivery.letters import sweep as sweeping_letters
from mailer.delivery.models import Batch
from mailer.delivery.notices import mail_notices
from mailer.delivery.suppressing import soft_bounces
from mailer.delivery.suppressing.pull import pull
from mailer.delivery.suppressing.push import push
from mailer.delivery.suppressing.remove import remove_lifted
from mailer.delivery.suppressing.turn import seconds_to_wait
from mailer.delivery.winner import decide_due
from mailer.sendgrid.errors import CallFailed

log = structlog.get_logger()

SWEPT_AT = "swept_at"
"""Where the cache keeps the time of the last sweep (unix seconds): the pulse of beat."""

stopping = threading.Event()
"""Set once this worker was told to stop."""


@worker_shutting_down.connect
def begin_nothing_new(**_: object) -> None:
    """Celery needs a moment to stop its threads, in which they would go on to the next batch."""
    stopping.set()


@shared_task
def submit(batch_id: int) -> None:
    """Submit one batch; a worker that was told to stop leaves it to the next sweep."""
    if stopping.is_set():
        Batch.objects.filter(pk=batch_id, state=Batch.State.WAITING).update(queued_at=None)
    else:
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
def submit_letter(batch_id: int) -> None:
    """Submit one letter; a worker that was told to stop leaves it to the next sweep."""
    if stopping.is_set():
        Batch.objects.filter(pk=batch_id, state=Batch.State.WAITING).update(queued_at=None)
    else:
        submitting_letters.submit_letter(batch_id)


@shared_task
def sweep_letters() -> None:
    """Hand out the letters that are due."""
    try:
        sweeping_letters.sweep_letters()
    except OperationalError as error:
        log.warning("queue_away", error=type(error).__name__)


@shared_task
def settle() -> None:
    """Look after submissions without a known outcome."""
    settling.expire_claims()
    look_for_evidence(submitting.sendgrid())


@shared_task
def guard() -> None:
    """Pause what runs past a limit."""
    guarding.watch()


@shared_task
def decide() -> None:
    """Choose the winners of the tests that are over."""
    decide_due()


@shared_task
def tell() -> None:
    """Mail the owners of newsletters what they have to know."""
    mail_notices(submitting.sendgrid())


@shared_task
def pull_suppressions() -> None:
    """Read what came onto SendGrid's suppression lists."""
    if not seconds_to_wait():
        try:
            pull(submitting.sendgrid())
        except CallFailed as error:
            log.warning("suppressions_not_pulled", code=error.code, status=error.status)


@shared_task
def tell_suppressions() -> None:
    """Tell SendGrid which addresses were lifted and which were suppressed here; what fails is told the next time."""
    if seconds_to_wait():
        return
    for tell_some in (remove_lifted, push):
        try:
            tell_some(submitting.sendgrid())
        except CallFailed as error:
            log.warning("suppressions_not_told", code=error.code, status=error.status)


@shared_task
def pause_refused() -> None:
    """Pause those whom mail does not reach."""
    soft_bounces.pause_refused()
