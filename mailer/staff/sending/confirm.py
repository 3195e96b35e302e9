"""The one confirmation before an issue goes out. It goes out as it was shown there, or not at all."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from mailer.delivery.approval.errors import ChangedMeanwhile
from mailer.delivery.approval.matter import matter_of
from mailer.delivery.approval.state import state_of
from mailer.delivery.arrange import arrangement_of, go, newest
from mailer.delivery.models import Send
from mailer.delivery.schedule import AT_ONCE
from mailer.delivery.start import AlreadyStarted
from mailer.issues.models import Issue
from mailer.staff.access.needs import needs
from mailer.staff.audit import record
from mailer.staff.numbers import number
from mailer.staff.page import page
from mailer.staff.sending.answers import reasons, say
from mailer.staff.sending.approval import shown_of_approval
from mailer.staff.sending.looking import TROUBLE, look
from mailer.staff.sending.shown import figures_of
from mailer.staff.sending.wanted import fields_of, read_wanted


@require_safe
@needs("delivery.add_send", Issue)
def confirm(request: HttpRequest, issue: Issue) -> HttpResponse:
    """Who gets what and when, in numbers, and the button. Back to the page where it cannot go out as it is wanted."""
    if not issue.sends.filter(started_at=None).exists() and request.GET.get("again") != "1":
        started = newest(issue)
        if started is not None:
            messages.warning(request, f"{issue} was started already. This is how it stands.")
            return redirect("staff:send", started.pk)
    return _confirmation(request, issue, request.GET)


@require_POST
@needs("delivery.add_send", Issue)
def go_out(request: HttpRequest, issue: Issue) -> HttpResponse:
    """Send what was confirmed, once, if it is still that; else show what is different."""
    recipients = number(request.POST.get("recipients"))
    shown = -1 if recipients is None else recipients
    try:
        wanted = read_wanted(issue, request.POST)
        send, started = go(
            issue,
            wanted,
            request.user,
            fingerprint=request.POST.get("fingerprint", ""),
            recipients=shown,
        )
    except ChangedMeanwhile as error:
        return _confirmation(request, issue, request.POST, reasons(error), status=409)
    except AlreadyStarted as error:
        started_one = Send.objects.filter(issue=issue).exclude(started_at=None).order_by("-id").first()
        say(request, error)
        return (
            redirect("staff:send", started_one.pk) if started_one else redirect("staff:send-page", issue.pk)
        )
    except TROUBLE as error:
        say(request, error)
        return redirect("staff:send-page", issue.pk)
    if started:
        schedule = arrangement_of(send).schedule
        when = "" if str(schedule) == AT_ONCE else f", {schedule}"
        record(request.user, send, f"Started the send to {shown:,} people{when}.")
        messages.success(request, "It goes out." if not when else f"It is scheduled: it goes out {schedule}.")
    else:
        messages.info(request, f"{issue} was started already: it goes out once. This is how it stands.")
    return redirect("staff:send", send.pk)


def _confirmation(
    request: HttpRequest, issue: Issue, given: QueryDict, wrong: list[str] | None = None, status: int = 200
) -> HttpResponse:
    try:
        wanted = read_wanted(issue, given)
        with look(request.user, issue, wanted, "confirm") as who:
            shown = figures_of(who)
            matter = matter_of(who.send)
    except TROUBLE as error:
        say(request, error)
        address = reverse("staff:send-page", args=[issue.pk])
        return redirect(f"{address}?{given.urlencode()}" if request.method == "GET" else address)
    state = state_of(issue, matter)
    fields = fields_of(wanted, issue.newsletter.time_zone)
    back = QueryDict(mutable=True)
    for field in fields:
        back.appendlist(field.name, field.value)
    return page(
        request,
        "staff/sending/confirm.html",
        f"Send {issue.newsletter} {issue.number}?",
        status=status,
        issue=issue,
        newsletter=issue.newsletter,
        wanted=wanted,
        fingerprint=matter.fingerprint,
        fields=fields,
        back=f"{reverse('staff:send-page', args=[issue.pk])}?{back.urlencode()}",
        wrong=wrong or [],
        **shown_of_approval(request.user, issue, state),
        **shown,
    )
