"""Where an issue stands on its way from a draft to its readers, for the list of issues."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from mailer.delivery.models import Approval, Batch, Send
from mailer.delivery.schedule import schedule_of
from mailer.issues.models import Issue


@dataclass(frozen=True, slots=True)
class Standing:
    """In a word that its badge is coloured by, in words for people, with the send it is about and when that goes."""

    word: str
    says: str
    send: Send | None = None
    when: str = ""


def with_sends(issues: QuerySet[Issue]) -> QuerySet[Issue]:
    """Issues with all that `standing` looks at, in three queries."""
    batches = Batch.objects.filter(send=OuterRef("pk"))
    waiting = (Batch.State.WAITING, Batch.State.SUBMITTING)
    sends = Send.objects.order_by("-id").annotate(
        some_wait=Exists(batches.filter(state__in=waiting)),
        some_left=Exists(batches.exclude(state__in=waiting)),
    )
    return issues.select_related("newsletter", "edited_by").prefetch_related(
        Prefetch("sends", sends), Prefetch("approvals", Approval.objects.order_by("-id"))
    )


def standing(issue: Issue, now: datetime) -> Standing:
    """Where an issue stands, by its newest send, and before there is one by its approval."""
    send: Any = next(iter(issue.sends.all()), None)
    if send is None:
        return _before_sending(issue)
    if send.cancelled_at:
        return Standing("cancelled", "Cancelled", send)
    if send.started_at is None:
        return Standing("ready", "Planned, not started", send)
    if send.rolling:
        return Standing("sent", "Welcomes new readers", send)
    if not send.some_wait:
        return Standing("sent", "Sent", send)
    if send.paused_at:
        return Standing("paused", "Paused", send)
    if not send.some_left and (send.local_date or (send.scheduled_at and send.scheduled_at > now)):
        return Standing("scheduled", "Scheduled", send, str(schedule_of(send)))
    return Standing("sending", "Going out", send)


def _before_sending(issue: Issue) -> Standing:
    approval = next(iter(issue.approvals.all()), None)
    if approval is not None and approval.answer == "":
        return Standing("waiting", "Waits for approval")
    # Whatever was approved before the last change holds no more.
    if approval is not None and approval.answered_at and approval.answered_at >= issue.edited_at:
        if approval.answer == Approval.Answer.APPROVED:
            return Standing("ready", "Approved")
        if approval.answer == Approval.Answer.DECLINED:
            return Standing("declined", "Declined")
    return Standing("draft", "Draft")
