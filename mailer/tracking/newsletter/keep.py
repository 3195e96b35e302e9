"""The figures of a newsletter as they were counted last: a page of them is read from one row."""

import structlog
from django.db import connection
from django.utils import timezone

from mailer.issues.models import Newsletter
from mailer.tracking.as_json import read, written
from mailer.tracking.newsletter.count import count
from mailer.tracking.newsletter.figures import VERSION, NewsletterReport
from subscribers.advisory_lock import held

log = structlog.get_logger()
LOCK = 7_312_005
"""Of newsletters that are being counted."""


def count_and_keep(newsletter: Newsletter) -> NewsletterReport | None:
    """Count a newsletter and keep the figures in the place of those counted before.

    Returns: the figures; None when somebody else is counting the same newsletter at this moment.
    """
    with held(LOCK, newsletter.pk) as mine:
        if not mine:
            return None
        report = count(newsletter)
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO tracking_newsletterfigures (newsletter_id, counted_at, data) VALUES (%s, %s, %s::jsonb)
                ON CONFLICT (newsletter_id) DO UPDATE SET counted_at = excluded.counted_at, data = excluded.data
                """,
                [newsletter.pk, report.counted_at, written(report)],
            )
    took = round((timezone.now() - report.counted_at).total_seconds(), 2)
    log.info("newsletter_counted", newsletter=newsletter.pk, seconds=took)
    return report


def kept_report(newsletter_id: int) -> NewsletterReport | None:
    """The figures as they were counted last; None where there are none, or only some of another form."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT data::text FROM tracking_newsletterfigures
            WHERE newsletter_id = %s AND (data -> 'version')::int = %s
            """,
            [newsletter_id, VERSION],
        )
        row = cursor.fetchone()
    return read(NewsletterReport, row[0]) if row else None
