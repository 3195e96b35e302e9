"""Counting the report of a newsletter, in the background."""

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
from mailer.tracking.snapshot import snapshot


def count(newsletter: Newsletter) -> NewsletterReport:
    """Count everything about a newsletter, each part with one query, on one snapshot of the database.

    Seconds to minutes for a list of millions: this is for the background.
    """
    with snapshot() as cursor:
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
