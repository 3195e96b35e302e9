"""The summary of an issue that the newsletter's owner gets by mail, once, a day after its first request."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urljoin

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from mailer.delivery.models import Send
from mailer.delivery.notices import notify
from mailer.tracking.link_figures import StoryClicks
from mailer.tracking.models import SendFigures
from mailer.tracking.reports.figures import Rate, Report
from mailer.tracking.reports.keep import count_and_keep
from mailer.tracking.wording import for_nobody, moment, people, percent

log = structlog.get_logger()

AFTER = timedelta(days=1)
NO_LATER = timedelta(days=3)
"""After the first request. Who wishes for summaries from today on gets none of last month's issues."""
EARLIEST_START = timedelta(days=30)
"""How long before its first request a send may have been started."""
BEST = 3
"""Stories it names."""


def summarise(now: datetime | None = None) -> int:
    """Write the summaries that are due; they are mailed as all notices are. Safe to call twice and at once.

    Of an issue's sends only the first has one, those of welcome issues none.

    Returns: how many were written.
    """
    return sum(_summarise(send) for send in _due(now or timezone.now()))


def _due(now: datetime) -> list[Send]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT send.id
            FROM delivery_send send
            JOIN issues_issue issue ON issue.id = send.issue_id
            JOIN issues_newsletter newsletter ON newsletter.id = issue.newsletter_id
            LEFT JOIN tracking_sendfigures figures ON figures.send_id = send.id
            CROSS JOIN LATERAL (
                SELECT min(submission.started_at) AS at
                FROM delivery_batch batch JOIN delivery_submission submission ON submission.batch_id = batch.id
                WHERE batch.send_id = send.id
            ) first
            WHERE newsletter.report_by_mail AND newsletter.owner_email <> '' AND figures.told_at IS NULL
                AND NOT send.rolling AND send.previous_id IS NULL AND send.started_at > %s
                AND first.at BETWEEN %s AND %s
            ORDER BY send.id
            """,
            [now - NO_LATER - EARLIEST_START, now - NO_LATER, now - AFTER],
        )
        numbers = [number for (number,) in cursor.fetchall()]
    return list(Send.objects.filter(pk__in=numbers).order_by("id"))


def _summarise(send: Send) -> bool:
    report = count_and_keep(send)
    with transaction.atomic():
        if not SendFigures.objects.filter(send=send, told_at=None).update(told_at=timezone.now()):
            return False  # somebody else was first
        page = reverse("staff:report", args=[send.pk])
        notify(
            send.pk,
            "report",
            "\n".join(lines(report)),
            subject=f"{report.newsletter} {report.issue_number}: a day later",
            html=render_to_string(
                "tracking/summary.html",
                {
                    "report": report,
                    "subject": for_nobody(report.subject),
                    "rates": [(rate, report.compared.of(rate.figure)) for rate in report.rates],
                    "best": _best(report),
                    "page": urljoin(settings.PUBLIC_URL, page),
                },
            ),
            page=page,
        )
    log.info("summary_written", send=send.pk)
    return True


def lines(report: Report) -> Iterator[str]:
    """The summary as text, line by line."""
    yield f"{report.newsletter}, issue {report.issue_number}: {for_nobody(report.subject)}"
    yield f"First request {moment(report.started_at)}, counted {moment(report.counted_at)}."
    yield ""
    yield f"{report.identity}."
    yield ""
    for rate in report.rates:
        yield f"{_rate(rate)}{_usual(report, rate)}"
    yield f"Opened by machines, in no rate: {people(report.totals.machine_opened)} people."
    yield report.compared.says
    best = _best(report)
    if best:
        yield ""
        yield "Most clicked stories, of those who got them:"
        yield from (
            f"{percent(story.share)}  {for_nobody(story.headline)} ({people(story.people)})" for story in best
        )


def _rate(rate: Rate) -> str:
    return f"{rate.name}: {percent(rate.share)} ({people(rate.people)} of {people(rate.base)} {rate.of})"


def _usual(report: Report, rate: Rate) -> str:
    usual = report.compared.of(rate.figure)
    if usual is None:
        return ""
    return f"; {usual.says}"


def _best(report: Report) -> list[StoryClicks]:
    clicked = [story for story in report.stories if story.people]
    return sorted(clicked, key=lambda story: (-(story.share or 0), story.position))[:BEST]
