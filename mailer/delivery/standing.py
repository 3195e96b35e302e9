"""Where an issue stands on its way from a draft to its readers, as every page says it."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.db.models.functions import Now

from mailer.delivery.models import Approval, Batch, Send
from mailer.delivery.schedule import schedule_of
from mailer.issues.models import Issue


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an issue stands.

    Args:
        word: draft, asked (for approval), declined, ready, scheduled, sending, paused, cancelled or sent: the tone of
            its badge goes by it.
        says: the same in words for people.
        send: that it is about; None before there is one.
    """

    word: str
    says: str
    send: Send | None

    @property
    def when(self) -> str:
        """What it is scheduled for; "" where it is not."""
        return str(schedule_of(self.send)) if self.send and self.word == "scheduled" else ""


def with_sends(issues: QuerySet[Issue]) -> QuerySet[Issue]:
    """Issues with all that `standing` looks at, in three queries."""
    return issues.select_related("newsletter").prefetch_related(
        Prefetch("sends", with_batches(Send.objects.order_by("-id"))),
        Prefetch("approvals", Approval.objects.order_by("-id")),
    )


def with_batches(sends: QuerySet[Send]) -> QuerySet[Any]:
    """Sends with all of their batches that `standing_of` looks at."""
    batches = Batch.objects.filter(send=OuterRef("pk"))
    open_ = batches.filter(state__in=(Batch.State.WAITING, Batch.State.SUBMITTING))
    return sends.annotate(
        some_open=Exists(open_),
        some_test_open=Exists(open_.filter(in_test=True)),
        some_begun=Exists(batches.exclude(state=Batch.State.WAITING, due_at__gt=Now())),
    )


def standing(issue: Issue) -> Standing:
    """Where an issue stands, by its newest send, and before there is one by its approval."""
    send = next(iter(issue.sends.all()), None)
    return standing_of(send) if send else Standing(*(_approval(issue) or ("draft", "Draft")), None)


def standing_of(send: Any) -> Standing:
    """Where an issue stands with a send that came from `with_batches`."""
    return Standing(*_stands(send), send)


def _stands(send: Any) -> tuple[str, str]:
    if send.cancelled_at:
        return "cancelled", "Cancelled"
    if send.started_at is None:
        planned = ("ready", "Planned, not started") if send.planned_at else ("draft", "Not started")
        return _approval(send.issue) or planned
    if not send.some_open and not send.rolling:
        return "sent", "Sent"  # a pause that came after the last request holds nothing
    if send.paused_at:
        return "paused", "Paused"
    if send.rolling:
        return "sent", "Welcomes new readers"
    if send.test_share is not None and send.winner is None and not send.some_test_open:
        return "sending", "Waits for its winner"
    return ("sending", "Going out") if send.some_begun else ("scheduled", "Scheduled")


def _approval(issue: Issue) -> tuple[str, str] | None:
    """What was asked or answered about an issue and holds for what it is now; None where nothing does."""
    approval = next(iter(issue.approvals.all()), None)
    if approval is None or (approval.answered_at and approval.answered_at < issue.edited_at):
        return None
    return {
        "": ("asked", "Waits for approval"),
        Approval.Answer.APPROVED: ("ready", "Approved"),
        Approval.Answer.DECLINED: ("declined", "Declined"),
    }.get(approval.answer)
