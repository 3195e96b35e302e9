"""Counting the report of a newsletter, in the background."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from mailer.issues.models import Newsletter
from mailer.tracking.newsletter.addresses import odd_addresses
from mailer.tracking.newsletter.bands import bands
from mailer.tracking.newsletter.domains import domains
from mailer.tracking.newsletter.figures import EVER, LAST, NewsletterReport
from mailer.tracking.newsletter.growth import growth
from mailer.tracking.newsletter.health import health
from mailer.tracking.newsletter.hours import FALLBACK, hours, known_zones
from mailer.tracking.newsletter.issues import last_issues
from mailer.tracking.newsletter.topics import topics


def count(newsletter: Newsletter) -> NewsletterReport:
    """Count everything about a newsletter, each part with one query, on one snapshot of the database.

    Seconds to minutes for a list of millions: this is for the background.
    """
    with _snapshot() as cursor:
        now = timezone.now()
        zones = known_zones(cursor)
        zone = newsletter.time_zone if newsletter.time_zone in zones else FALLBACK
        issues = last_issues(cursor, newsletter.pk, EVER)
        found = health(cursor, newsletter, issues, odd_addresses(cursor, newsletter), now)
        return NewsletterReport(
            slug=newsletter.slug,
            name=newsletter.name,
            mailing_list=newsletter.mailing_list.name,
            time_zone=zone,
            counted_at=now,
            issues=issues[:LAST],
            growth=growth(cursor, newsletter, zone, found.people, now),
            bands=bands(cursor, newsletter, issues),
            topics=topics(cursor, newsletter, issues),
            hours=hours(cursor, issues, zones, zone),
            health=found,
            domains=domains(cursor, issues),
        )


@contextmanager
def _snapshot() -> Iterator[CursorWrapper]:
    """All queries in it see the database as it was at one moment, unless the caller is in a transaction already."""
    outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield cursor
