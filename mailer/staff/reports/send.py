"""The report of a send on the staff site: as it was counted last, with a button that counts again."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from mailer.delivery.models import Send
from mailer.staff.access.needs import needs
from mailer.staff.reports.file import Kind, report_file
from mailer.staff.reports.page import not_counted, report_page
from mailer.tracking.reports.keep import count_and_keep, kept_report
from mailer.tracking.reports.page import render, shown
from mailer.tracking.reports.rows import as_csv


@require_safe
@needs("delivery.view_send", Send)
def report(request: HttpRequest, send: Send) -> HttpResponse:
    """The report as it was counted last, or that it was not counted yet."""
    kept = kept_report(send.pk)
    title = f"Report of {send.issue.newsletter} {send.issue.number}"
    if kept is None:
        return not_counted(
            request,
            title,
            says="The background counts the reports of sends once a minute, and this one soon. Counting takes a few "
            "seconds for a million recipients.",
            count=reverse("staff:report-count", args=[send.pk]),
            back=reverse("staff:send", args=[send.pk]),
            back_to=f"Send {send.pk}",
        )
    return report_page(request, "send.html", title, shown(kept))


@require_POST
@needs("delivery.view_send", Send)
def count(request: HttpRequest, send: Send) -> HttpResponse:
    """Count it now, and go back to it."""
    count_and_keep(send)
    return redirect("staff:report", send.pk)


@require_safe
@needs("delivery.view_send", Send)
def file(request: HttpRequest, send: Send, kind: Kind) -> HttpResponse:
    """The page to save and to mail, or every figure as a row of CSV."""
    kept = kept_report(send.pk)
    if kept is None:
        return redirect("staff:report", send.pk)
    text = as_csv(kept) if kind == "csv" else render(kept)
    return report_file(text, kind, f"report-{kept.send_id}-{kept.counted_at:%Y-%m-%d}")
