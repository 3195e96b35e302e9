"""Claiming a letter: it is put into words in the transaction that lets its one submission begin.

Whoever confirmed, left or was suppressed since it was asked for is known here. A letter that is moot by now is
cancelled instead, and no request is made.
"""

import uuid
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from mailer.delivery.claim import Claim
from mailer.delivery.letters.request import request_of
from mailer.delivery.models import Batch, BatchState, Submission, SubmissionOutcome
from mailer.delivery.record import delay
from mailer.issues.brand import newsletter_of_list
from subscribers.letters.moot import why_moot
from subscribers.models import Letter

log = structlog.get_logger()

LETTERS = "delivery_batch batch JOIN subscribers_letter letter ON letter.id = batch.letter_id"
MAY_GO = """
batch.state = 'waiting' AND batch.due_at <= statement_timestamp()
    AND EXISTS (SELECT FROM issues_newsletter WHERE mailing_list_id = letter.mailing_list_id)
"""
"""Whether the batch of a letter may go out now. Without a newsletter nobody sends to the list, so its letters wait."""


def claim_letter(batch_id: int) -> Claim | None:
    """Claim the batch of a letter that is waiting and due.

    Returns: None when there is no request to make: another worker has it, it is settled or not due yet, nothing is
        published to its list; or the letter is moot, or SendGrid would refuse its address, and its batch says so now.
    Raises:
        PayloadError: SendGrid would refuse what the newsletter says of its sender.
        ValueError: what the newsletter says of itself cannot be made into a mail.
    """
    submission_id = uuid.uuid4()
    with transaction.atomic(), connection.cursor() as cursor:
        claimed = _claim(cursor, batch_id, submission_id)
        if claimed is None:
            return None
        letter_id, subscriber_ids, attempts = claimed
        letter = Letter.objects.select_related("subscriber").get(pk=letter_id)
        newsletter = newsletter_of_list(letter.mailing_list_id)
        request = request_of(letter, newsletter) if newsletter else None
        if request is None:
            log.info("letter_moot", letter=letter_id, reason=why_moot(letter))
            _end(batch_id, BatchState.CANCELLED, submission_id=None)
            return None
        submission = Submission.objects.create(pk=submission_id, batch_id=batch_id, size=1)
        if request.refused:
            log.warning("letter_refused", letter=letter_id, reason=request.refused)
            _end(batch_id, BatchState.REJECTED, submission_id=submission_id)
            _close(submission, SubmissionOutcome.REJECTED, request.refused)
            return None
        body = request.body(submission_id)
    return Claim(batch_id, None, submission_id, subscriber_ids, attempts, body)


def put_back(batch_id: int, reason: str) -> None:
    """A letter cannot be made into a request, whose claim was rolled back: it is tried again, later and later, and the
    ledger says why. The fault is in the newsletter, where somebody can mend it."""
    with transaction.atomic(), connection.cursor() as cursor:
        claimed = _claim(cursor, batch_id, submission_id := uuid.uuid4())
        if claimed is None:
            return
        submission = Submission.objects.create(pk=submission_id, batch_id=batch_id, size=1)
        _close(submission, SubmissionOutcome.NOT_ACCEPTED, reason)
        cursor.execute(
            """
            UPDATE delivery_batch SET state = 'waiting', queued_at = NULL,
                due_at = statement_timestamp() + make_interval(secs => %s)
            WHERE id = %s
            """,
            [delay(claimed[2]), batch_id],
        )


def _claim(cursor: CursorWrapper, batch_id: int, submission_id: UUID) -> tuple[int, list[int], int] | None:
    """The letter, its subscriber and how often it was tried with this, where this call claimed it."""
    cursor.execute(
        f"""
        UPDATE delivery_batch SET state = 'submitting', submission_id = %s, attempts = attempts + 1,
            changed_at = statement_timestamp()
        WHERE id = (SELECT batch.id FROM {LETTERS} WHERE batch.id = %s AND {MAY_GO} FOR UPDATE OF batch)
        RETURNING letter_id, subscriber_ids, attempts
        """,
        [submission_id, batch_id],
    )
    return cursor.fetchone()  # type: ignore[no-any-return]


def _end(batch_id: int, state: BatchState, submission_id: UUID | None) -> None:
    Batch.objects.filter(pk=batch_id).update(state=state, queued_at=None, submission_id=submission_id)


def _close(submission: Submission, outcome: SubmissionOutcome, reason: str) -> None:
    Submission.objects.filter(pk=submission.pk).update(
        outcome=outcome, reason=reason, finished_at=timezone.now()
    )
