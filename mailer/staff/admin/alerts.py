"""What is wrong with the installation now, and what was lately: to be read; alerts begin and end by themselves."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_safe

from mailer.staff.admin.base import ModelAdmin, ReadOnly
from mailer.tracking.models import Alert

ON_A_PAGE = 20


@admin.register(Alert)
class AlertAdmin(ReadOnly, ModelAdmin):
    fields = ("what", "why", "began_at", "seen_at", "ended_at", "about", "owners")
    readonly_fields = ("what", "why", "about", "owners")

    @method_decorator(require_safe)
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The open ones, and below them those that ended. Answers 403 to who may not see alerts."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        over = Alert.objects.filter(ended_at__isnull=False).order_by("-ended_at", "-id")
        page = Paginator(over, ON_A_PAGE).get_page(request.GET.get("page"))
        shown = {
            "title": "Alerts",
            "open": Alert.objects.filter(ended_at=None).order_by("-began_at", "-id"),
            "page": page,
        }
        context = {**self.admin_site.each_context(request), **shown, **(extra_context or {})}
        return TemplateResponse(request, "staff/alerts.html", context)

    @admin.display(description="What is wrong")
    def what(self, alert: Alert) -> str:
        return str(alert)

    @admin.display(description="Why, and what to do")
    def why(self, alert: Alert) -> str:
        return format_html_join("", "<p>{}</p>", ((part,) for part in alert.text.split("\n\n")))

    @admin.display(description="Send")
    def about(self, alert: Alert) -> str:
        notice = alert.told.filter(send__isnull=False).select_related("send__issue__newsletter").first()
        if notice is None:
            return "no single one"
        return format_html(
            '<a class="underline text-primary-600 dark:text-primary-500" href="{}">{}</a>',
            reverse("staff:send", args=[notice.send_id]),
            notice.send,
        )

    @admin.display(description="Told by mail")
    def owners(self, alert: Alert) -> str:
        told = [
            (notice.whose.owner_email or "no address", "mailed" if notice.mailed_at else "not mailed")
            for notice in alert.told.select_related("newsletter", "send__issue__newsletter").order_by("id")
        ]
        return format_html_join(", ", "{} ({})", told) or "nobody: no newsletter has an owner's address"
