"""The list of sends. Each has a page of its own: see mailer.staff.sending.live."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from mailer.delivery.models import Send
from mailer.delivery.standing import standing_of, with_batches
from mailer.staff.admin.base import ModelAdmin, ReadOnly, VisibleFilter
from mailer.staff.numbers import number


@admin.register(Send)
class SendAdmin(ReadOnly, ModelAdmin):
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
        return redirect("staff:send", number(object_id) or 0)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Send]:
        return with_batches(super().get_queryset(request)).prefetch_related("issue__approvals")

    @admin.display(description="Candidates", ordering="candidates")
    def people(self, send: Send) -> str | None:
        return None if send.candidates is None else f"{send.candidates:,}"

    @admin.display
    def state(self, send: Send) -> str:
        return standing_of(send).says
