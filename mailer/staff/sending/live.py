"""A send while it goes out and after: where it stands, live, and the buttons that steer it.

What was sent is never edited by hand: the buttons call the acts of mailer.delivery.steer, and who pressed one is kept.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from mailer.delivery.audience import audience_of
from mailer.delivery.models import Approval, Send
from mailer.delivery.progress import progress_and_moving
from mailer.delivery.remaining import remaining
from mailer.delivery.schedule import schedule_of
from mailer.delivery.standing import standing_of, with_batches
from mailer.delivery.steer import cancel, pause, resume
from mailer.delivery.unknown import known, unknown
from mailer.delivery.winner import results
from mailer.staff.access.needs import needs
from mailer.staff.audit import record
from mailer.staff.page import page
from mailer.staff.sending.answers import fragment, trouble
from mailer.staff.sending.looking import TROUBLE, look_at_send
from mailer.staff.sending.people import may_list
from mailer.staff.sending.shown import figures_of
from mailer.tracking.reports.charts import segments

MOVING, WAITING = 2, 15
"""Seconds between two looks, while it goes out and while it waits."""
UNKNOWN_SHOWN = 5


class SteerForm(forms.Form):
    """What a button of the page posts."""

    act = forms.ChoiceField(choices=[(act, act) for act in ("pause", "resume", "cancel")])
    why = forms.CharField(max_length=500, required=False)
    sure = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        if given.get("act") == "cancel" and not (given.get("why") and given.get("sure")):
            raise forms.ValidationError(
                "Nothing was cancelled: write why, and tick the box that says that it is for good."
            )
        return given


@require_safe
@needs("delivery.view_send", Send)
def send_live(request: HttpRequest, send: Send) -> HttpResponse:
    """The page of a send."""
    return page(
        request,
        "staff/sending/live.html",
        f"Send {send.pk} of {send.issue}",
        issue=send.issue,
        newsletter=send.issue.newsletter,
        audience=audience_of(send),
        approved=_approved(send),
        metric=Send.Metric(send.test_metric).label,
        variants=[(each, each.share(Send.Metric(send.test_metric))) for each in results(send)],
        may_list=may_list(request.user, send.issue, send),
        **_controls(request, send),
    )


@require_safe
@needs("delivery.view_send", Send)
def moving(request: HttpRequest, send: Send) -> HttpResponse:
    """What changes while it goes out, for the page to ask for again and again. It stops asking when all is over."""
    shown = _now(request, send)
    answer = fragment(request, "moving", **shown)
    if request.GET.get("was", shown["state"]) != shown["state"]:
        answer.headers["HX-Trigger"] = "steered"
    return answer


@require_safe
@needs("delivery.view_send", Send)
def controls(request: HttpRequest, send: Send) -> HttpResponse:
    """The buttons that it has at this moment."""
    return fragment(request, "controls", **_controls(request, send))


@require_safe
@needs("delivery.view_send", Send)
def figures(request: HttpRequest, send: Send) -> HttpResponse:
    """Who gets it and who does not, by reason, edition, time zone and domain, and beside the last send."""
    try:
        with look_at_send(request.user, send, "figures") as who:
            shown = figures_of(who)
    except TROUBLE as error:
        return trouble(request, error, "#figures")
    return fragment(
        request,
        "figures",
        send=send,
        issue=send.issue,
        may_list=may_list(request.user, send.issue, send),
        **shown,
    )


@require_POST
@needs("delivery.change_send", Send)
def steer(request: HttpRequest, send: Send) -> HttpResponse:
    """Pause, resume or cancel a send, and go back to its page."""
    form = SteerForm(request.POST)
    if form.is_valid():
        done, said = _steer(request, send, **form.cleaned_data)
        if done:
            why = form.cleaned_data["why"]
            record(request.user, send, f"{said} Because: {why}" if why else said)
        messages.add_message(request, messages.SUCCESS if done else messages.WARNING, said)
    else:
        messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts))
    return redirect("staff:send", send.pk)


def _now(request: HttpRequest, send: Send) -> dict[str, Any]:
    """Where it stands at this moment, counted from the ledger."""
    now, moving = progress_and_moving(send)
    left = remaining(send, now, moving)
    watched = not left.over or now.unknown > 0
    return {
        "send": send,
        "state": standing_of(with_batches(Send.objects.filter(pk=send.pk)).get()).says,
        "now": now,
        "identity": str(now),
        "segments": segments(now),
        "left": left,
        "moving": moving,
        "schedule": schedule_of(send),
        "unknown": known(unknown().filter(batch__send=send)[:UNKNOWN_SHOWN]) if now.unknown else [],
        "may_settle": request.user.has_perm("delivery.change_submission"),
        "notices": send.notices.order_by("-id")[:20],
        "every": (MOVING if moving else WAITING) if watched and send.started_at else 0,
    }


def _controls(request: HttpRequest, send: Send) -> dict[str, Any]:
    shown = _now(request, send)
    now = shown["now"]
    open_ = send.started_at is not None and send.cancelled_at is None
    return {
        **shown,
        "may_steer": request.user.has_perm("delivery.change_send", send),
        "may_send": request.user.has_perm("delivery.add_send", send.issue),
        "may_pause": open_ and send.paused_at is None and now.waiting > 0,
        "may_resume": open_ and send.paused_at is not None,
        "may_cancel": open_ and (send.rolling or now.waiting + now.unknown > 0),
    }


def _approved(send: Send) -> Approval | None:
    """The approval with which it went out."""
    if not send.fingerprint:
        return None
    given = send.issue.approvals.filter(answer=Approval.Answer.APPROVED, fingerprint=send.fingerprint)
    return given.select_related("asked_by", "answered_by").order_by("-id").first()


def _steer(request: HttpRequest, send: Send, act: str, why: str, sure: bool) -> tuple[bool, str]:
    """Do it. Returns whether it changed anything, and what to say."""
    who = request.user.get_username()
    match act:
        case "pause":
            done = pause(send.pk, f"Paused by {who}: {why}" if why else f"Paused by {who}.")
            return (
                done,
                "Paused."
                if done
                else "It was paused or cancelled already, or nothing of it waits: nothing was changed.",
            )
        case "resume":
            done = resume(send.pk)
            return done, "It goes on." if done else "It was not paused, or is cancelled: nothing was changed."
        case _:
            done = cancel(send.pk, f"Cancelled by {who}: {why}")
            return (
                done,
                "Cancelled for good."
                if done
                else "It is over, or was cancelled already: nothing was changed.",
            )
