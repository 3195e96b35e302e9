"""Asking SendGrid's Email Logs about submissions of unknown outcome.

A log that carries the submission's id proves that it was accepted. That the logs show nothing proves nothing at
first: it counts when they showed nothing again and again, long after the request.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from django.db.models import F
from django.utils import timezone

from mailer.delivery.models import Batch, Submission
from mailer.delivery.settle import accept, release
from mailer.sendgrid import logs
from mailer.sendgrid.client import SendGrid
from mailer.sendgrid.errors import CallFailed, SendGridError
from subscribers.models import Subscriber

log = structlog.get_logger()

SAFE_WAIT = timedelta(minutes=5)
"""Before this the logs may not show what was accepted."""
LOOK_AGAIN = timedelta(minutes=10)
LOOKS = 3
"""So many looks, each LOOK_AGAIN after the one before, must all show nothing before a batch goes again."""
WITNESSES = 3
"""Recipients of a batch whose logs are read in one look. A request is accepted whole: one is enough to prove it."""
CLOCKS_DIFFER = timedelta(hours=12)
"""By so much at most, ours and SendGrid's: one that goes wrong must not hide what was accepted."""
LOGS_KEPT = timedelta(days=29)
"""SendGrid keeps 30 days; what is older cannot be disproved by the absence of a log."""


def look_for_evidence(client: SendGrid, now: datetime | None = None, limit: int = 20) -> int:
    """Look once at each unknown submission whose time has come. Returns how many were settled.

    Args:
        limit: submissions in one go; the API takes about 600 calls a minute.
    """
    moment = now or timezone.now()
    due = Submission.objects.filter(
        batch__state=Batch.State.UNKNOWN,
        batch__submission_id=F("id"),
        started_at__lt=moment - SAFE_WAIT,
        started_at__gt=moment - LOGS_KEPT,
    ).exclude(looked_at__gt=moment - LOOK_AGAIN)
    settled = 0
    for submission in due.select_related("batch__letter").order_by("looked_at", "started_at")[:limit]:
        try:
            settled += _look(client, submission, moment)
        except CallFailed as error:
            log.warning("email_logs_unavailable", code=error.code, status=error.status)
            break
    return settled


def _look(client: SendGrid, submission: Submission, moment: datetime) -> bool:
    queries = _queries(submission)
    if any(_shows(client, query, submission) for query in queries):
        return accept([submission.pk], "email logs") == 1
    looks = submission.fruitless_looks + (1 if queries else 0)
    Submission.objects.filter(pk=submission.pk).update(fruitless_looks=looks, looked_at=moment)
    return looks >= LOOKS and release(submission.pk, f"email logs: not found in {looks} looks")


def _queries(submission: Submission) -> list[str]:
    """Asking for a few recipients whom the request must have named.

    Whoever was changed since it left may have had another address then, so that the logs do not show the new one
    proves nothing.
    """
    since = submission.started_at - CLOCKS_DIFFER
    queries = []
    for email in _addresses(submission):
        with suppress(SendGridError):  # an address with a quote in it cannot be asked for; the others can
            queries.append(logs.query(to_email=email, since=since))
    return queries[:WITNESSES]


def _addresses(submission: Submission) -> Sequence[str]:
    letter = submission.batch.letter
    if letter and letter.address:  # it went there, whatever became of the subscriber since
        return [letter.address]
    recipients = Subscriber.objects.filter(pk__in=submission.batch.subscriber_ids)
    unchanged = recipients.filter(changed_at__lt=submission.started_at).order_by("pk")
    return list(unchanged.values_list("email", flat=True)[: 10 * WITNESSES])


def _shows(client: SendGrid, query: str, submission: Submission) -> bool:
    """Whether what the logs answer was sent with the submission's id."""
    for message in logs.find_messages(client, query):
        sent_with = logs.custom_args(client, message.sg_message_id) or {}
        if sent_with.get("mailer_submission") == str(submission.pk):
            return True
    return False
