"""Where each newsletter's newest issue stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from mailer.delivery.models import Approval, Send
from mailer.delivery.progress import Progress, dues, progress
from mailer.issues.models import Issue, Newsletter

MOST = 30
"""Newsletters that are shown."""


@dataclass(frozen=True)
class Standing:
    """A newsletter with its newest issue.

    Args:
        issue, send: None where there is none yet.
        state: draft, asked (for approval), approved, planned, scheduled, running, paused, cancelled or sent; "empty"
            where there is no issue.
        says: the state in words.
        at: when it is due, or when it was started.
        progress: of a send that was started.
    """

    newsletter: Newsletter
    issue: Issue | None
    send: Send | None
    state: str
    says: str
    at: datetime | None = None
    progress: Progress | None = None


def standings(newsletters: Iterable[Newsletter]) -> list[Standing]:
    """Where each stands, those with the newest issues first."""
    found = [_standing(newsletter) for newsletter in newsletters]
    return sorted(
        found, key=lambda each: (each.issue is None, -each.issue.date.toordinal() if each.issue else 0)
    )


def _standing(newsletter: Newsletter) -> Standing:
    issues = newsletter.issues.all()
    if newsletter.welcome_issue_id:
        issues = issues.exclude(pk=newsletter.welcome_issue_id)
    issue = issues.order_by("-number").first()
    if issue is None:
        return Standing(newsletter, None, None, "empty", "No issue yet")
    send = Send.objects.select_related("issue__newsletter").filter(issue=issue).order_by("-id").first()
    if send is None or send.started_at is None:
        return _before(newsletter, issue, send)
    return _started(newsletter, issue, send)


def _before(newsletter: Newsletter, issue: Issue, send: Send | None) -> Standing:
    stories = issue.stories.filter(hidden=False).count()
    approval = Approval.objects.filter(issue=issue).order_by("-id").first()
    if newsletter.needs_approval and approval is not None:
        if not approval.answer:
            return Standing(newsletter, issue, send, "asked", "Waits for approval", approval.asked_at)
        if approval.answer == Approval.Answer.DECLINED:
            return Standing(
                newsletter, issue, send, "declined", "Approval was declined", approval.answered_at
            )
    says = f"Draft, {stories} stor{'y' if stories == 1 else 'ies'}"
    return Standing(newsletter, issue, send, "draft", says, issue.edited_at)


def _started(newsletter: Newsletter, issue: Issue, send: Send) -> Standing:
    now = progress(send)
    at: datetime | None
    if send.cancelled_at:
        state, says, at = "cancelled", "Cancelled", send.cancelled_at
    elif send.paused_at and now.waiting:
        state, says, at = "paused", "Paused", send.paused_at
    elif now.waiting:
        first, _, due = dues(send)
        later = first is not None and now.in_flight == 0 and first > timezone.now()
        state, says = ("scheduled", "Scheduled") if later and due else ("running", "Going out")
        at = first if state == "scheduled" else send.started_at
    else:
        state, says, at = "sent", "Sent", send.started_at
    return Standing(newsletter, issue, send, state, says, at, now)
