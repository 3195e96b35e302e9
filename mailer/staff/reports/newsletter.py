"""The report of a newsletter on the staff site: as it was counted last, with a button that has it counted again."""

import structlog
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from mailer.issues.models import Newsletter
from mailer.staff.access.needs import needs
from mailer.staff.reports.file import Kind, report_file
from mailer.staff.reports.page import not_counted, report_page
from mailer.tracking.newsletter.keep import kept_report
from mailer.tracking.newsletter.page import render, shown
from mailer.tracking.newsletter.rows import as_csv
from mailer.tracking.tasks import count_newsletter

log = structlog.get_logger()


@require_safe
@needs("issues.view_newsletter", Newsletter)
def report(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """The report as it was counted last, or that it was not counted yet."""
    kept = kept_report(newsletter.pk)
    title = f"Report of {newsletter}"
    if kept is None:
        return not_counted(
            request,
            title,
            says="The background counts the report of each newsletter once a day. Counting takes seconds; for a list of "
            "millions, minutes.",
            count=reverse("staff:newsletter-report-count", args=[newsletter.pk]),
            back=reverse("admin:issues_newsletter_change", args=[newsletter.pk]),
            back_to="The newsletter",
        )
    return report_page(request, "newsletter.html", title, shown(kept) | {"newsletter": newsletter})


@require_POST
@needs("issues.view_newsletter", Newsletter)
def count(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Have it counted in the background, and go back to it."""
    try:
        count_newsletter.delay(newsletter.pk)
    except OperationalError as error:
        log.warning("newsletter_count_not_queued", newsletter=newsletter.pk, error=type(error).__name__)
        messages.error(request, "The queue does not answer: nothing is counted. Try again when it is back.")
    else:
        messages.success(request, "It is being counted. Reload the page in a moment.")
    return redirect("staff:newsletter-report", newsletter.pk)


@require_safe
@needs("issues.view_newsletter", Newsletter)
def file(request: HttpRequest, newsletter: Newsletter, kind: Kind) -> HttpResponse:
    """The page to save and to mail, or every figure as a row of CSV."""
    kept = kept_report(newsletter.pk)
    if kept is None:
        return redirect("staff:newsletter-report", newsletter.pk)
    text = as_csv(kept) if kind == "csv" else render(kept)
    return report_file(text, kind, f"{kept.slug}-{kept.counted_at:%Y-%m-%d}")
