"""Tracking's tasks; when they run stands in mailer/config/celery.py."""

from celery import shared_task

from mailer.issues.models import Newsletter
from mailer.tracking import retention
from mailer.tracking.alerts.watch import watch as watch_for_alerts
from mailer.tracking.aside import try_again
from mailer.tracking.fold import fold_events
from mailer.tracking.newsletter.due import due_newsletters
from mailer.tracking.newsletter.keep import count_and_keep as count_newsletter_and_keep
from mailer.tracking.reports.recount import recount
from mailer.tracking.reports.summary import summarise as write_summaries


@shared_task
def fold() -> None:
    """Fold until nothing is left."""
    while fold_events():
        pass


@shared_task
def fold_again() -> None:
    """Let events that could not be folded be tried again."""
    try_again()


@shared_task
def alert() -> None:
    """Look for what is wrong with the installation."""
    watch_for_alerts()


@shared_task
def count_reports() -> None:
    """Count the reports of sends again whose figures have changed."""
    recount()


@shared_task
def count_newsletters() -> None:
    """Hand out the counting of newsletters whose figures are a day old."""
    for number in due_newsletters():
        count_newsletter.delay(number)


@shared_task
def count_newsletter(number: int) -> None:
    """Count the report of a newsletter, unless somebody does at this moment."""
    newsletter = Newsletter.objects.filter(pk=number).first()
    if newsletter is not None:
        count_newsletter_and_keep(newsletter)


@shared_task
def summarise() -> None:
    """Write the summaries of issues that are a day old."""
    write_summaries()


@shared_task
def retain() -> None:
    """Delete what is older than it may be kept."""
    retention.apply()
