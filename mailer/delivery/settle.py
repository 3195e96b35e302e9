"""Settling submissions whose outcome is unknown: by evidence, never by guessing.

Evidence is an event that carries the submission's id, SendGrid's Email Logs (evidence.py), or a person's decision
that is kept with who, when and why (mailer settle, and the page of unknown submissions).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from mailer.delivery.models import Batch, Submission

log = structlog.get_logger()


def claim_limit() -> timedelta:
    """How long a claim may be without a recorded outcome before its worker counts as gone.

    Connecting, the answer and recording it all have to fit; a worker that was only slow still records its
    answer later, because an unknown batch takes it too.
    """
    return timedelta(seconds=2 * settings.ENVIRONMENT.sendgrid_timeout + 15)


def expire_claims(now: datetime | None = None) -> int:
    """Batches whose worker stopped between the claim and the record become unknown. Returns how many."""
    before = (now or timezone.now()) - claim_limit()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            WITH gone AS (
                UPDATE delivery_batch SET state = 'unknown', changed_at = statement_timestamp()
                WHERE state = 'submitting' AND changed_at < %s
                RETURNING submission_id
            )
            UPDATE delivery_submission SET outcome = 'unknown', finished_at = statement_timestamp(),
                reason = 'the worker stopped before it recorded an answer'
            FROM gone WHERE delivery_submission.id = gone.submission_id
            """,
            [before],
        )
        count = int(cursor.rowcount)
    if count:
        log.warning("claims_expired", batches=count)
    return count


def accept(submission_ids: Iterable[UUID], evidence: str, decided_by: str = "") -> int:
    """Settle submissions as accepted. Those that are settled already stay as they are.

    Args:
        evidence: what proves it, for the record: "event", "email logs", or how the person knows who decided it.
        decided_by: that person's name; "" where nobody had to decide.
    Returns: how many were settled.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            WITH proven AS (
                UPDATE delivery_batch SET state = 'accepted', changed_at = statement_timestamp()
                WHERE submission_id = ANY(%s) AND state IN ('submitting', 'unknown')
                RETURNING submission_id
            )
            UPDATE delivery_submission
            SET outcome = 'accepted', evidence = %s, decided_by = %s, settled_at = statement_timestamp(),
                finished_at = coalesce(finished_at, statement_timestamp())
            FROM proven WHERE delivery_submission.id = proven.submission_id
            """,
            [list(submission_ids), evidence, decided_by],
        )
        count = int(cursor.rowcount)
    if count:
        log.info(
            "submissions_settled", outcome="accepted", evidence=_logged(evidence, decided_by), count=count
        )
    return count


def release(submission_id: UUID, evidence: str, decided_by: str = "") -> bool:
    """Settle a submission as proven not accepted: its batch may go again.

    Args:
        evidence, decided_by: see accept.
    Returns: False when it was settled before.
    """
    with transaction.atomic():
        moved = Batch.objects.filter(submission_id=submission_id, state=Batch.State.UNKNOWN).update(
            state=Batch.State.WAITING, due_at=timezone.now(), queued_at=None, changed_at=timezone.now()
        )
        if moved:
            Submission.objects.filter(pk=submission_id).update(
                outcome=Submission.Outcome.NOT_ACCEPTED,
                evidence=evidence,
                decided_by=decided_by,
                settled_at=timezone.now(),
            )
    if moved:
        log.info(
            "submission_settled",
            outcome="not_accepted",
            evidence=_logged(evidence, decided_by),
            submission=str(submission_id),
        )
    return bool(moved)


def _logged(evidence: str, decided_by: str) -> str:
    """What a person wrote may name people: the log says only that there was one."""
    return "a person" if decided_by else evidence
