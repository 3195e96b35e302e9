"""The list of sends. Each has a page of its own: see mailer.staff.sending.live."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from mailer.delivery.models import Batch, Send
from mailer.delivery.progress import waits_for_winner
from mailer.staff.admin.base import ReadOnly, VisibleFilter
from mailer.staff.reports.clickmap import ClickMapPages
from mailer.staff.reports.send import ReportPages


@admin.register(Send)
class SendAdmin(ReadOnly, ClickMapPages, ReportPages):
    list_display = ("__str__", "mailing_list", "planned_at", "started_at", "people", "state")
    list_filter = (("mailing_list", VisibleFilter), ("issue__newsletter", VisibleFilter))
    list_select_related = ("issue__newsletter", "mailing_list")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A send has a page of its own, which asks for the right to see it; any other number has none here."""
        if not self.has_view_permission(request) or request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        number = int(object_id) if object_id.isdecimal() and len(object_id) < 19 else 0
        return redirect("staff:send", number)

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


def state_of(send: Send, *, waiting: bool, in_flight: bool) -> str:
    """Where a send stands, in two words."""
    if send.cancelled_at:
        return "Cancelled"
    over = send.started_at is not None and not waiting and not send.rolling
    if send.paused_at and not over:  # a pause that came after the last request holds nothing
        return "Paused"
    if send.started_at is None:
        return "Not started"
    if not waiting:
        return "Welcomes" if send.rolling else "Sent"
    return "Waits for its winner" if waits_for_winner(send) and not in_flight else "Running"
