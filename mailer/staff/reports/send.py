"""The report of a send on the staff site: as it was counted last, with a button that counts again."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe

from mailer.delivery.models import Send
from mailer.staff.admin.base import ModelAdmin
from mailer.staff.reports.file import Kind, report_file
from mailer.staff.reports.page import not_counted, report_page
from mailer.tracking.reports.figures import Report
from mailer.tracking.reports.keep import count_and_keep, kept_report
from mailer.tracking.reports.page import render, shown
from mailer.tracking.reports.rows import as_csv


class ReportPages(ModelAdmin):
    """Its pages, for the admin of sends. All answer 403 to who may not see sends."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:send_id>/report/", view(self.report), name="delivery_send_report"),
            path("<int:send_id>/report/count/", view(self.count_report), name="delivery_send_report_count"),
            path("<int:send_id>/report/page/", view(self.report_page), name="delivery_send_report_page"),
            path("<int:send_id>/report/csv/", view(self.report_csv), name="delivery_send_report_csv"),
            *super().get_urls(),
        ]

    @method_decorator(require_safe)
    def report(self, request: HttpRequest, send_id: int) -> HttpResponse:
        """The report as it was counted last, or that it was not counted yet."""
        send, report = self._find(request, send_id)
        title = f"Report of {send.issue.newsletter} {send.issue.number}"
        if report is None:
            return not_counted(
                request,
                title,
                says="The background counts the reports of sends once a minute, and this one soon. Counting takes a few "
                "seconds for a million recipients.",
                count=reverse("admin:delivery_send_report_count", args=[send.pk]),
                back=reverse("staff:send", args=[send.pk]),
                back_to=f"Send {send.pk}",
            )
        return report_page(request, "send.html", title, shown(report))

    @method_decorator(require_POST)
    def count_report(self, request: HttpRequest, send_id: int) -> HttpResponse:
        """Count it now, and go back to it."""
        send, _ = self._find(request, send_id)
        count_and_keep(send)
        return redirect("admin:delivery_send_report", send.pk)

    @method_decorator(require_safe)
    def report_page(self, request: HttpRequest, send_id: int) -> HttpResponse:
        """The page to save and to mail, as a file."""
        return self._file(request, send_id, "html")

    @method_decorator(require_safe)
    def report_csv(self, request: HttpRequest, send_id: int) -> HttpResponse:
        """Every figure as a row of CSV, as a file."""
        return self._file(request, send_id, "csv")

    def _file(self, request: HttpRequest, send_id: int, kind: Kind) -> HttpResponse:
        send, report = self._find(request, send_id)
        if report is None:
            return redirect("admin:delivery_send_report", send.pk)
        text = as_csv(report) if kind == "csv" else render(report)
        return report_file(text, kind, f"report-{report.send_id}-{report.counted_at:%Y-%m-%d}")

    def _find(self, request: HttpRequest, send_id: int) -> tuple[Send, Report | None]:
        send = get_object_or_404(Send.objects.select_related("issue__newsletter"), pk=send_id)
        if not self.has_view_permission(request, send):
            raise PermissionDenied
        return send, kept_report(send.pk)
