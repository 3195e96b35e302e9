"""The page of a send: where it stands, what the guard said, its A/B test, and the buttons that steer it.

What was sent is never edited by hand: the buttons call the acts of mailer.delivery.steer, and who pressed one is kept
in the send's history.
"""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html_join
from django.views.decorators.http import require_POST

from mailer.delivery.audience import audience_of
from mailer.delivery.models import Batch, Exclusion, Send
from mailer.delivery.progress import dues, progress, waits_for_winner
from mailer.delivery.schedule import schedule_of
from mailer.delivery.steer import cancel, pause, resume
from mailer.delivery.winner import results
from mailer.staff.admin.base import ReadOnly, TabularInline
from mailer.staff.admin.clickmaps import ClickMapPages
from mailer.staff.admin.reports import ReportPages
from mailer.tracking.reports.charts import segments


class BatchInline(ReadOnly, TabularInline):
    model = Batch
    verbose_name_plural = "Batches"
    extra = 0
    per_page = 20
    fields = ("size", "state", "due_at", "attempts", "changed_at")
    readonly_fields = fields
    ordering = ("id",)
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Batch]:
        return super().get_queryset(request).defer("subscriber_ids")


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


@admin.register(Send)
class SendAdmin(ReadOnly, ClickMapPages, ReportPages):
    list_display = ("__str__", "mailing_list", "planned_at", "started_at", "people", "state")
    list_filter = ("mailing_list", "issue__newsletter")
    list_select_related = ("issue__newsletter", "mailing_list")
    fieldsets = (
        (
            None,
            {"fields": (("issue", "mailing_list"), ("created_at", "planned_at"), ("started_at", "previous"))},
        ),
        ("Recipients", {"fields": ("candidates", "in_batches", "left_out")}),
    )
    readonly_fields = ("in_batches", "left_out")
    inlines = (BatchInline,)
    change_form_outer_before_template = "staff/send.html"

    def get_urls(self) -> list[URLPattern]:
        steer = path(
            "<int:send_id>/steer/", self.admin_site.admin_view(self.steer), name="delivery_send_steer"
        )
        return [steer, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        send = (
            Send.objects.filter(pk=object_id).first()
            if object_id.isdecimal() and len(object_id) < 19
            else None
        )
        shown = {"steering": steering(send), "may_steer": may_steer(request)} if send else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    @method_decorator(require_POST)
    def steer(self, request: HttpRequest, send_id: int) -> HttpResponse:
        """Pause, resume or cancel a send, and go back to its page.

        Answers 403 to who may not change sends.
        """
        send = get_object_or_404(Send, pk=send_id)
        if not may_steer(request):
            raise PermissionDenied
        form = SteerForm(request.POST)
        if form.is_valid():
            done, said = _steer(request, send, **form.cleaned_data)
            if done:
                self.log_change(request, send, said)
            messages.add_message(request, messages.SUCCESS if done else messages.WARNING, said)
        else:
            messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts))
        return redirect(reverse("admin:delivery_send_change", args=[send.pk]))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Send]:
        batches = Batch.objects.filter(send=OuterRef("pk"))
        sends: QuerySet[Send] = super().get_queryset(request)
        return sends.annotate(
            some_wait=Exists(batches.filter(state=Batch.State.WAITING)),
            some_fly=Exists(batches.filter(state=Batch.State.SUBMITTING)),
        )

    @admin.display(description="Candidates", ordering="candidates")
    def people(self, send: Send) -> str | None:
        return None if send.candidates is None else f"{send.candidates:,}"

    @admin.display
    def state(self, send: Any) -> str:
        return state_of(send, waiting=send.some_wait or send.some_fly, in_flight=send.some_fly)

    @admin.display(description="In batches, by the batch's state")
    def in_batches(self, send: Send) -> str:
        states = send.batches.order_by("state").values_list("state").annotate(recipients=Sum("size"))
        return _figures((Batch.State(state).label, number) for state, number in states)

    @admin.display(description="Left out, by reason")
    def left_out(self, send: Send) -> str:
        reasons = (
            send.exclusions.order_by("reason").values_list("reason").annotate(people=Count("subscriber_id"))
        )
        return _figures((Exclusion.Reason(reason).label, number) for reason, number in reasons)


def _figures(rows: Iterable[tuple[str, int]]) -> str:
    return format_html_join(", ", "{}: {}", ((label, f"{number:,}") for label, number in rows)) or "none"


def may_steer(request: HttpRequest) -> bool:
    """Whether who asks may pause, resume and cancel sends."""
    return request.user.has_perm("delivery.change_send")


def steering(send: Send) -> dict[str, Any]:
    """What the page shows of a send at this moment, and which buttons it has."""
    now = progress(send)
    first, last, due = dues(send)
    open_ = send.started_at is not None and send.cancelled_at is None
    metric = Send.Metric(send.test_metric)
    return {
        "send": send,
        "state": state_of(send, waiting=now.waiting > 0, in_flight=now.in_flight > 0),
        "identity": str(now),
        "segments": segments(now),
        "unknown": now.unknown,
        "schedule": schedule_of(send),
        "audience": audience_of(send),
        "first": first,
        "last": last,
        "due": due,
        "waits_for_winner": waits_for_winner(send),
        "variants": [(result, result.share(metric)) for result in results(send)],
        "metric": metric.label,
        "notices": send.notices.order_by("-id")[:20],
        "may_pause": open_ and send.paused_at is None and now.waiting > 0,
        "may_resume": open_ and send.paused_at is not None,
        "may_cancel": open_ and (send.rolling or now.waiting + now.unknown > 0),
    }


def state_of(send: Send, *, waiting: bool, in_flight: bool) -> str:
    """Where a send stands, in two words."""
    if send.cancelled_at:
        return "Cancelled"
    if send.paused_at:
        return "Paused"
    if send.started_at is None:
        return "Not started"
    if not waiting:
        return "Welcomes" if send.rolling else "Sent"
    return "Waits for its winner" if waits_for_winner(send) and not in_flight else "Running"


def _steer(request: HttpRequest, send: Send, act: str, why: str, sure: bool) -> tuple[bool, str]:
    """Do it. Returns whether it changed anything, and what to say."""
    who = request.user.get_username()
    match act:
        case "pause":
            done = pause(send.pk, f"Paused by {who}: {why}" if why else f"Paused by {who}.")
            return done, "Paused." if done else "It was paused or cancelled already: nothing was changed."
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
