"""Answering what was asked: by another person than who asked, about exactly what is there."""

from typing import Any

import structlog
from django.db import transaction

from mailer.delivery.approval.ask import answer_open, lock
from mailer.delivery.approval.errors import CannotAnswer, ChangedMeanwhile
from mailer.delivery.approval.state import state_of
from mailer.delivery.models import Approval

log = structlog.get_logger()
RIGHT = "delivery.answer_approval"


def approve(approval: Approval, user: Any, because: str = "", *, seen: str) -> None:
    """Let an issue go out as it is.

    Args:
        because: what the approver says to it; may stay empty.
        seen: the fingerprint of what they looked at.
    Raises:
        ChangedMeanwhile: it is not what they looked at, or what was asked about, any more.
        CannotAnswer: they asked themselves, have no right to, or it was answered before.
    """
    with transaction.atomic():
        lock(approval.issue)
        _check(approval, user)
        now = state_of(approval.issue).matter.fingerprint
        if not now == seen == approval.fingerprint:
            raise ChangedMeanwhile(
                f"{approval.issue} was changed since it was asked about, so your answer was not taken. Look at what "
                "changed; whoever wrote it has to ask again."
            )
        _write(approval, Approval.Answer.APPROVED, user, because.strip())


def decline(approval: Approval, user: Any, because: str) -> None:
    """Say that an issue may not go out as it was asked about.

    Raises:
        CannotAnswer: no reason is given, they asked themselves, have no right to, or it was answered before.
    """
    if not because.strip():
        raise CannotAnswer("Write why it may not go out: whoever asked has to know what to mend.")
    with transaction.atomic():
        lock(approval.issue)
        _check(approval, user)
        _write(approval, Approval.Answer.DECLINED, user, because.strip())


def _check(approval: Approval, user: Any) -> None:
    if approval.asked_by_id == user.pk:
        raise CannotAnswer("You asked for this approval yourself: somebody else has to answer.")
    if not user.has_perm(RIGHT, approval.issue):
        raise CannotAnswer(f"You may not answer for {approval.issue.newsletter}: an approver can.")


def _write(approval: Approval, answer: Approval.Answer, user: Any, because: str) -> None:
    if not answer_open(approval.pk, answer, user, because):
        raise CannotAnswer("It was answered or taken back before. You changed nothing.")
    log.info("approval_answered", issue=approval.issue_id, approval=approval.pk, answer=answer.value)
