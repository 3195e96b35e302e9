"""Asking for approval, and taking the question back."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from mailer.delivery.approval.errors import CannotAnswer, ChangedMeanwhile
from mailer.delivery.approval.state import state_of
from mailer.delivery.models import Approval, Notice
from mailer.delivery.notices import notify
from mailer.issues.editing.who import name_of
from mailer.issues.models import Issue

log = structlog.get_logger()
ANEW = "Asked anew after a change."
QUIET = timedelta(minutes=5)
"""Who was told of a question of an issue is not told within it that it was asked anew: the mail leads to the newest."""


def ask(
    issue: Issue, user: Any, note: str = "", *, seen: str = "", tell: Iterable[str] = ()
) -> tuple[Approval, bool]:
    """Ask whether an issue may go out as it is and as it is arranged now. Asking twice is asking once.

    Args:
        note: to whoever answers.
        seen: the fingerprint of what the asker looked at; "" for whatever is there.
        tell: the addresses of those who may answer, who get a mail each, see QUIET.
    Returns: what was asked, and whether this call asked it.
    Raises:
        ChangedMeanwhile: it is not what they looked at any more.
        CannotAnswer: it is approved already.
    """
    with transaction.atomic():
        lock(issue)
        state = state_of(issue)
        if seen and seen != state.matter.fingerprint:
            raise ChangedMeanwhile("The issue was changed while you looked at it: look again, then ask.")
        if state.approved:
            raise CannotAnswer(f"{issue} is approved as it is: nobody has to be asked.")
        if state.asked and not state.outdated:
            return state.asked, False
        if state.asked:
            answer_open(state.asked.pk, Approval.Answer.WITHDRAWN, user, ANEW)
        asked = Approval.objects.create(
            issue=issue,
            fingerprint=state.matter.fingerprint,
            audience=state.matter.audience,
            matter=state.matter.document,
            asked_by=user,
            note=note.strip(),
        )
        for address in dict.fromkeys(filter(None, tell)):
            _tell(asked, address)
    log.info("approval_asked", issue=issue.pk, approval=asked.pk)
    return asked, True


def withdraw(approval: Approval, user: Any, because: str = "") -> bool:
    """Take a question back. Returns False when it was answered or taken back before."""
    done = answer_open(approval.pk, Approval.Answer.WITHDRAWN, user, because.strip())
    if done:
        log.info("approval_withdrawn", issue=approval.issue_id, approval=approval.pk)
    return done


def lock(issue: Issue) -> None:
    """Nobody else arranges, asks, answers or starts what is about this issue before the transaction ends."""
    Issue.objects.select_for_update(no_key=True).get(pk=issue.pk)


def answer_open(approval_id: int, answer: Approval.Answer, user: Any, because: str) -> bool:
    """Write the one answer to an open question. Returns False when it has one."""
    open_ = Approval.objects.filter(pk=approval_id, answer="")
    given = {"answer": answer, "answered_by": user, "answered_at": timezone.now(), "because": because}
    return open_.update(**given) == 1


def _tell(asked: Approval, address: str) -> None:
    page = reverse("staff:approval", args=[asked.issue_id])
    # Once somebody has answered, all who were told take it for settled.
    given = asked.issue.approvals.exclude(answer__in=("", Approval.Answer.WITHDRAWN))
    settled = given.aggregate(last=Max("answered_at"))["last"]
    since = max(filter(None, (timezone.now() - QUIET, settled)))
    if Notice.objects.filter(kind="approval", page=page, to=address, created_at__gt=since).exists():
        return
    who = name_of(asked.asked_by)
    said = f"\n\n“{asked.note}”" if asked.note else ""
    notify(
        None,
        "approval",
        f"{who} asks whether {asked.issue}, “{asked.issue.subject}”, may go out to {asked.audience}. Nothing goes out "
        f"before somebody other than them has approved it.{said}",
        newsletter_id=asked.issue.newsletter_id,
        subject=f"[{asked.issue.newsletter}] {asked.issue}: may it go out?",
        page=page,
        to=address,
    )
