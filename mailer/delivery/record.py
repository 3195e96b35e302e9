"""Writing down what became of a submission.

Every change is guarded: it happens only while the batch still waits for this very submission. An answer that
comes after an event has settled the same batch, or a second recording of the same answer, changes nothing.
"""

from collections.abc import Sequence

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from mailer.delivery.claim import Claim, reject_deliveries
from mailer.delivery.insist import insist
from mailer.delivery.notices import pause_and_tell
from mailer.delivery.split import split
from mailer.sendgrid.outcome import Accepted, Outcome, Refused, Rejected, Retry, TooLarge, Unknown
from mailer.vitals.counting import count_submission

log = structlog.get_logger()

FIRST_DELAY = 2
"""Seconds before a batch that was not accepted goes again; doubled each time."""
LONGEST_DELAY = 300
"""Seconds."""
BLAMELESS_REJECTIONS = 20
"""Rejections that name nobody, before anything of the send was accepted, after which the issue is to blame."""


def delay(attempts: int) -> int:
    """Seconds until a batch goes again that was not accepted in so many attempts."""
    return int(min(FIRST_DELAY * 2 ** min(attempts - 1, 16), LONGEST_DELAY))


def record(claim: Claim, outcome: Outcome, status: int | None) -> bool:
    """Record the outcome of a claimed submission. Where the database is away for a moment it is waited for.

    Args:
        status: HTTP status of the answer, None without one.
    Returns: False when the batch was settled by something else meanwhile, and nothing was changed.
    Raises:
        OperationalError, InterfaceError: the database is away for longer (see insist.py). The submission becomes
            unknown when its claim expires.
    """
    recorded = insist(lambda: _record(claim, outcome, status))
    log.info(
        "submission_recorded" if recorded else "submission_settled_before",
        send=claim.send_id,
        batch=claim.batch_id,
        submission=str(claim.submission_id),
        outcome=type(outcome).__name__.lower(),
        status=status,
        size=len(claim.subscriber_ids),
    )
    if recorded:
        what = "letter" if claim.send_id is None else "batch"
        count_submission(what, _word(outcome), status, len(claim.subscriber_ids))
    return recorded


def _record(claim: Claim, outcome: Outcome, status: int | None) -> bool:
    with transaction.atomic(), connection.cursor() as cursor:
        return _apply(cursor, claim, outcome, status)


def _apply(cursor: CursorWrapper, claim: Claim, outcome: Outcome, status: int | None) -> bool:
    """The batch first: where it waits for this submission no more, nothing else is written."""
    if not _change_batch(cursor, claim, outcome):
        return False
    _finish(cursor, claim, outcome, status)
    if claim.send_id is not None:
        _stop_the_send(cursor, claim.send_id, outcome)
    return True


def _change_batch(cursor: CursorWrapper, claim: Claim, outcome: Outcome) -> bool:
    """Do with the batch what the outcome calls for. Returns False when it waits for this submission no more."""
    match outcome:
        case Accepted():
            return _move(cursor, claim, "accepted")
        case Unknown():
            return _move(cursor, claim, "unknown")
        case Retry():
            return _again(cursor, claim, outcome)
        case Refused() if claim.send_id is None:  # there is nothing that could be paused
            return _later(cursor, claim, delay(claim.attempts))
        case Refused():
            return _move(cursor, claim, "waiting")
        case TooLarge():
            return _divide(cursor, claim, _reason(outcome))
        case Rejected(indexes=indexes):
            return _without(cursor, claim, indexes, _reason(outcome))


def _finish(cursor: CursorWrapper, claim: Claim, outcome: Outcome, status: int | None) -> None:
    message_id = outcome.message_id if isinstance(outcome, Accepted) else None
    cursor.execute(
        """
        UPDATE delivery_submission
        SET outcome = %s, status = %s, reason = %s, message_id = %s, finished_at = statement_timestamp()
        WHERE id = %s
        """,
        [_word(outcome), status, _reason(outcome), message_id or "", claim.submission_id],
    )


def _word(outcome: Outcome) -> str:
    """The submission's outcome as the ledger names it."""
    match outcome:
        case Accepted():
            return "accepted"
        case Unknown():
            return "unknown"
        case Retry() | Refused():
            return "not_accepted"
        case TooLarge() | Rejected():
            return "rejected"


def _reason(outcome: Outcome) -> str:
    match outcome:
        case Accepted():
            return ""
        case Unknown(reason) | Retry(reason):
            return reason
        case TooLarge(message):
            return message
        case Refused(code, message) | Rejected(code, message):
            return f"{code}: {message}"


def _move(
    cursor: CursorWrapper, claim: Claim, state: str, due: str = "due_at", values: Sequence[int] = ()
) -> bool:
    """Move the batch on, if it still waits for this submission. `due` is an SQL expression, `values` its own."""
    cursor.execute(
        f"""
        UPDATE delivery_batch SET state = %s, due_at = {due}, changed_at = statement_timestamp(), queued_at = NULL
        WHERE id = %s AND submission_id = %s AND state IN ('submitting', 'unknown')
        """,
        [state, *values, claim.batch_id, claim.submission_id],
    )
    return bool(cursor.rowcount == 1)


def _again(cursor: CursorWrapper, claim: Claim, retry: Retry) -> bool:
    """Back to the waiting ones: at the time SendGrid named, but within LONGEST_DELAY, else later and later."""
    if retry.until is not None:
        due = f"least(greatest(to_timestamp(%s), statement_timestamp()), statement_timestamp() + interval '{LONGEST_DELAY} seconds')"
        return _move(cursor, claim, "waiting", due, [retry.until])
    return _later(cursor, claim, retry.after if retry.after is not None else delay(claim.attempts))


def _later(cursor: CursorWrapper, claim: Claim, seconds: int) -> bool:
    due = "statement_timestamp() + make_interval(secs => %s)"
    return _move(cursor, claim, "waiting", due, [min(seconds, LONGEST_DELAY)])


def _without(cursor: CursorWrapper, claim: Claim, indexes: Sequence[int], reason: str) -> bool:
    """The recipients that the answer names are rejected; the rest goes again. Where it names none: see _divide."""
    named = {claim.subscriber_ids[n] for n in indexes if n < len(claim.subscriber_ids)}
    if not named:
        return _divide(cursor, claim, reason)
    rest = [subscriber_id for subscriber_id in claim.subscriber_ids if subscriber_id not in named]
    if not _move(cursor, claim, "waiting" if rest else "rejected", "statement_timestamp()"):
        return False
    if claim.send_id is not None:  # the batch of a letter keeps its one recipient
        cursor.execute("UPDATE delivery_batch SET subscriber_ids = %s WHERE id = %s", [rest, claim.batch_id])
        reject_deliveries(cursor, claim.send_id, dict.fromkeys(named, reason))
    return True


def _divide(cursor: CursorWrapper, claim: Claim, reason: str) -> bool:
    """Nobody knows whose fault it was: halve the batch, so that in the end the one who did it stands alone."""
    ids = list(claim.subscriber_ids)
    if len(ids) == 1:
        return _without(cursor, claim, [0], reason)
    if not _move(cursor, claim, "waiting", "statement_timestamp()"):
        return False
    split(cursor, claim.batch_id, len(ids) // 2)
    return True


def _stop_the_send(cursor: CursorWrapper, send_id: int, outcome: Outcome) -> None:
    """Pause a send of which nothing else would be accepted either."""
    match outcome:
        case Refused(code, message):
            pause_and_tell(send_id, "refused", f"SendGrid refused the account ({code}): {message}")
        case Rejected(_, message, ()):
            _pause_if_the_issue_is_to_blame(cursor, send_id, message)


def _pause_if_the_issue_is_to_blame(cursor: CursorWrapper, send_id: int, message: str) -> None:
    """Halving a batch down to single recipients costs 2,000 requests. Where nothing of the send has been
    accepted and rejections pile up, it is not the recipients."""
    cursor.execute(
        """
        SELECT count(*) FILTER (WHERE outcome = 'rejected'), count(*) FILTER (WHERE outcome = 'accepted')
        FROM delivery_submission submission JOIN delivery_batch batch ON batch.id = submission.batch_id
        WHERE batch.send_id = %s
        """,
        [send_id],
    )
    rejected, accepted = cursor.fetchone()
    if accepted == 0 and rejected >= BLAMELESS_REJECTIONS:
        pause_and_tell(
            send_id,
            "refused",
            f"SendGrid rejects the issue whoever the recipients are: {message}. Mend it, then resume.",
        )
