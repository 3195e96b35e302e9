"""Asking for approval and answering: a panel for other pages, and the page on which somebody decides."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from mailer.delivery.approval.answer import RIGHT, approve, decline
from mailer.delivery.approval.ask import ask, withdraw
from mailer.delivery.approval.errors import CannotAnswer
from mailer.delivery.approval.matter import matter_of
from mailer.delivery.approval.state import State, state_of
from mailer.delivery.arrange import arrange, looked_at, newest
from mailer.delivery.errors import DeliveryError
from mailer.delivery.models import Approval
from mailer.delivery.testing.seen_as import an_example, mail_as
from mailer.issues.models import Issue
from mailer.staff.access.needs import needs
from mailer.staff.audit import record
from mailer.staff.numbers import number
from mailer.staff.page import page
from mailer.staff.sending.answers import fragment, is_htmx, reasons, say, trouble, typed
from mailer.staff.sending.approvers import approvers_of
from mailer.staff.sending.looking import TROUBLE, look
from mailer.staff.sending.shown import figures_of
from mailer.staff.sending.wanted import arranged_now, read_wanted

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data: 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox"
)
"""Of a mail in a frame: no script runs, whatever stands in it."""
LONGEST = 2_000
"""Characters of what somebody says to it."""


def shown_of_approval(user: Any, issue: Issue, state: State) -> dict[str, Any]:
    """What a page shows of it to somebody."""
    asked = state.asked
    may_ask = state.blocks and user.has_perm("delivery.ask_approval", issue)
    return {
        "approval": state,
        "can_ask": may_ask and (asked is None or state.outdated),
        "may_answer": asked is not None and asked.asked_by_id != user.pk and user.has_perm(RIGHT, issue),
        "can_withdraw": may_ask and asked is not None and asked.asked_by_id == user.pk and not state.outdated,
        "approvers": approvers_of(issue.newsletter, user) if state.blocks else [],
    }


@require_safe
@needs("delivery.view_approval", Issue)
def panel(request: HttpRequest, issue: Issue) -> HttpResponse:
    """Where it stands, for other pages to include."""
    return _panel(request, issue)


@require_safe
@needs("delivery.view_approval", Issue)
def approval_page(request: HttpRequest, issue: Issue) -> HttpResponse:
    """All that an approver has to see: the mail, its checks, who gets it, and what changed since the last approval."""
    last = newest(issue)
    state = state_of(issue)
    return page(
        request,
        "staff/sending/approval.html",
        f"Approval of {issue.newsletter} {issue.number}",
        issue=issue,
        newsletter=issue.newsletter,
        send=last,
        changes=state.changed_since_asked if state.outdated else () if state.approved else state.changed,
        **shown_of_approval(request.user, issue, state),
    )


@require_safe
@needs("delivery.view_approval", Issue)
def mail(request: HttpRequest, issue: Issue) -> HttpResponse:
    """The mail as an example reader gets it, for a frame: with all stories."""
    try:
        answer = HttpResponse(mail_as(issue, an_example()).html)
    except TROUBLE as error:
        answer = HttpResponse("\n".join(reasons(error)), content_type="text/plain; charset=utf-8")
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


@require_safe
@needs("delivery.view_approval", Issue)
def numbers(request: HttpRequest, issue: Issue) -> HttpResponse:
    """Who gets it as it is arranged now, and what the checks find."""
    try:
        with look(request.user, issue, arranged_now(issue), "approval") as who:
            shown = figures_of(who)
    except TROUBLE as error:
        return trouble(request, error, "#numbers")
    return fragment(request, "numbers", issue=issue, may_list=False, **shown)


@require_POST
@needs("delivery.ask_approval", Issue)
def ask_for_it(request: HttpRequest, issue: Issue) -> HttpResponse:
    """Ask, for the issue as it is arranged or, where the fields of the send page come along, as they say."""
    try:
        if "when" in request.POST and request.user.has_perm("delivery.add_send", issue):
            _arrange(request, issue)
        asked, new = ask(
            issue,
            request.user,
            typed(request.POST, "note", LONGEST),
            seen=request.POST.get("seen", ""),
            tell=[user.email for user in approvers_of(issue.newsletter, request.user)],
        )
    except DeliveryError as error:
        return _answer(request, issue, error)
    if new:
        said = f" “{asked.note}”" if asked.note else ""
        record(request.user, issue, f"Asked for approval, to send it to {asked.audience}.{said}")
    return _answer(request, issue)


@require_POST
@needs("delivery.ask_approval", Issue)
def take_back(request: HttpRequest, issue: Issue) -> HttpResponse:
    """Take the question back."""
    asked = _asked(request, issue)
    if asked and withdraw(asked, request.user, typed(request.POST, "because", LONGEST)):
        record(request.user, issue, "Took back the question for approval.")
    return _answer(request, issue)


@require_POST
@needs(RIGHT, Issue)
def answer(request: HttpRequest, issue: Issue) -> HttpResponse:
    """Approve or decline what was asked."""
    asked = _asked(request, issue)
    because = typed(request.POST, "because", LONGEST)
    try:
        if asked is None:
            raise CannotAnswer("That question is no more. Look at the issue as it is now.")
        if request.POST.get("answer") == "approve":
            approve(asked, request.user, because, seen=request.POST.get("seen", ""))
            record(request.user, issue, f"Approved it, to be sent to {asked.audience}. {because}".strip())
        elif request.POST.get("answer") == "decline":
            decline(asked, request.user, because)
            record(request.user, issue, f"Declined to approve it: {because}")
        else:
            raise CannotAnswer("Approve it, or decline.")
    except DeliveryError as error:
        return _answer(request, issue, error)
    return _answer(request, issue)


def _arrange(request: HttpRequest, issue: Issue) -> None:
    """Keep how the issue is to go out, so that who answers sees the same."""
    wanted = read_wanted(issue, request.POST)
    with looked_at(issue, wanted) as send:
        seen = matter_of(send).fingerprint
    if seen == request.POST.get("seen", seen):
        arrange(issue, wanted)


def _asked(request: HttpRequest, issue: Issue) -> Approval | None:
    asked = Approval.objects.select_related("issue__newsletter").filter(issue=issue)
    return asked.filter(pk=number(request.POST.get("approval")) or 0).first()


def _panel(request: HttpRequest, issue: Issue, wrong: list[str] | None = None) -> HttpResponse:
    state = state_of(issue)
    shown = shown_of_approval(request.user, issue, state)
    return fragment(request, "approval_panel", issue=issue, wrong=wrong or [], **shown)


def _answer(request: HttpRequest, issue: Issue, error: Exception | None = None) -> HttpResponse:
    """The panel where it was asked from one, else the page."""
    if is_htmx(request):
        return _panel(request, issue, reasons(error) if error else [])
    if error:
        say(request, error)
    return redirect("staff:approval", issue.pk)
