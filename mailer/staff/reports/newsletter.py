"""The report of a newsletter on the staff site: as it was counted last, with a button that has it counted again."""

import structlog
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from mailer.issues.models import Newsletter
from mailer.staff.admin.base import ModelAdmin
from mailer.staff.reports.file import Kind, report_file
from mailer.staff.reports.page import not_counted, report_page
from mailer.tracking.newsletter.figures import NewsletterReport
from mailer.tracking.newsletter.keep import kept_report
from mailer.tracking.newsletter.page import render, shown
from mailer.tracking.newsletter.rows import as_csv
from mailer.tracking.tasks import count_newsletter

log = structlog.get_logger()


class NewsletterReportPages(ModelAdmin):
    """Its pages, for the admin of newsletters. All answer 403 to who may not see newsletters."""

    change_form_outer_before_template = "staff/newsletter_bar.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(f"<int:number>/report/{part}", view(page), name=f"issues_newsletter_report{name}")
            for part, page, name in (
                ("", self.report, ""),
                ("count/", self.count_report, "_count"),
                ("page/", self.report_page, "_page"),
                ("csv/", self.report_csv, "_csv"),
            )
        ] + super().get_urls()

    @method_decorator(require_safe)
    def report(self, request: HttpRequest, number: int) -> HttpResponse:
        """The report as it was counted last, or that it was not counted yet."""
        newsletter, report = self._find(request, number)
        title = f"Report of {newsletter}"
        if report is None:
            return not_counted(
                request,
                title,
                says="The background counts the report of each newsletter once a day. Counting takes seconds; for a list of "
                "millions, minutes.",
                count=reverse("admin:issues_newsletter_report_count", args=[newsletter.pk]),
                back=reverse("admin:issues_newsletter_change", args=[newsletter.pk]),
                back_to="The newsletter",
            )
        return report_page(request, "newsletter.html", title, shown(report) | {"newsletter": newsletter})

    @method_decorator(require_POST)
    def count_report(self, request: HttpRequest, number: int) -> HttpResponse:
        """Have it counted in the background, and go back to it."""
        newsletter, _ = self._find(request, number)
        try:
            count_newsletter.delay(newsletter.pk)
        except OperationalError as error:
            log.warning("newsletter_count_not_queued", newsletter=newsletter.pk, error=type(error).__name__)
            messages.error(
                request, "The queue does not answer: nothing is counted. Try again when it is back."
            )
        else:
            messages.success(request, "It is being counted. Reload the page in a moment.")
        return redirect("admin:issues_newsletter_report", newsletter.pk)

    @method_decorator(require_safe)
    def report_page(self, request: HttpRequest, number: int) -> HttpResponse:
        """The page to save and to mail, as a file."""
        return self._file(request, number, "html")

    @method_decorator(require_safe)
    def report_csv(self, request: HttpRequest, number: int) -> HttpResponse:
        """Every figure as a row of CSV, as a file."""
        return self._file(request, number, "csv")

    def _file(self, request: HttpRequest, number: int, kind: Kind) -> HttpResponse:
        newsletter, report = self._find(request, number)
        if report is None:
            return redirect("admin:issues_newsletter_report", newsletter.pk)
        text = as_csv(report) if kind == "csv" else render(report)
        return report_file(text, kind, f"{report.slug}-{report.counted_at:%Y-%m-%d}")

    def _find(self, request: HttpRequest, number: int) -> tuple[Newsletter, NewsletterReport | None]:
        newsletter = get_object_or_404(Newsletter, pk=number)
        if not self.has_view_permission(request, newsletter):
            raise PermissionDenied
        return newsletter, kept_report(newsletter.pk)
