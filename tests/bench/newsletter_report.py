"""How long the report of a newsletter takes: python -m tests.bench.newsletter_report [--people 300000] [--sends 12]

Builds a store of readers with their records of consent and their sends, then counts each part of the report a few times,
prints the median and the CPU of PostgreSQL, what a page costs that shows the figures as they were kept, and last the
timeline of somebody who got 500 issues.
"""

import argparse
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from mailer.local import embedded
from tests.bench.database_time import median
from tests.bench.installation import servers
from tests.bench.readership import Size, fill

PAGE_LIMIT = 0.3
"""Seconds that a page of it may take, at a million deliveries; and the timeline of a person."""
ISSUES = 500
"""That the person of the timeline got."""

# Half were imported, half signed up and confirmed; who is unsubscribed left some weeks later.
CONSENTS = """
INSERT INTO subscribers_consent (subscriber_id, mailing_list_id, action, at, source, detail)
SELECT subscription.subscriber_id, mailing_list_id, act.action, act.at, 'bench', act.detail
FROM subscribers_subscription subscription JOIN subscribers_subscriber person ON person.id = subscription.subscriber_id
CROSS JOIN LATERAL (
    SELECT 'imported' AS action, person.created_at AS at, '{"import": 1, "line": 1}'::jsonb AS detail WHERE person.id % 2 = 0
    UNION ALL SELECT 'signed_up', person.created_at, '{"network": "192.0.2.0/24"}' WHERE person.id % 2 = 1
    UNION ALL SELECT 'confirmed', person.created_at + interval '5 minutes', '{}'
        WHERE person.id % 2 = 1 AND state <> 'pending'
    UNION ALL SELECT 'left', least(person.created_at + interval '1 day' * (person.id % 200), now()), '{}'
        WHERE state = 'unsubscribed'
) act
WHERE mailing_list_id = (SELECT id FROM subscribers_mailinglist WHERE slug = 'weekly')
"""
SUPPRESSED_SINCE = """
UPDATE subscribers_suppression SET created_at = now() - interval '1 hour' * (id % 17000)
"""
SINCE = """
UPDATE subscribers_subscription subscription SET created_at = person.created_at FROM subscribers_subscriber person
WHERE person.id = subscription.subscriber_id
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=300_000)
    parser.add_argument("--sends", type=int, default=12)
    parser.add_argument("--recipients", type=int, default=85_000, help="of each send")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the page")
    options = parser.parse_args()
    size = Size(options.people, options.sends, min(options.recipients, options.people))
    console = Console(width=110)
    with servers():
        fill(size, lambda step: console.print(step, style="dim"))
        _add_records()
        console.print(_measure(size, options.repeat))
        if options.html:
            options.html.write_text(_page(), encoding="utf-8")
    shutil.rmtree(embedded.var_folder(), ignore_errors=True)


def _add_records() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in (CONSENTS, SUPPRESSED_SINCE, SINCE, "VACUUM ANALYZE", "CHECKPOINT"):
            cursor.execute(statement)


def _measure(size: Size, repeat: int) -> Table:
    from subscribers.person.timeline import timeline

    table = Table(
        title=f"{size.people:,} people, {size.sends} issues of {size.recipients:,}: "
        f"{size.sends * size.recipients:,} deliveries; medians of {repeat}",
        title_justify="left",
    )
    for name in ("what", "seconds", "CPU of PostgreSQL"):
        table.add_column(name, justify="left" if name == "what" else "right")
    for name, act in _parts().items():
        seconds, cpu = median(act, repeat)
        table.add_row(name, f"{seconds:.3f}", f"{cpu:.3f}")
    person = _avid_reader()
    for name, act in (
        ("the page, from kept figures", _page),
        (f"the timeline of who got {ISSUES} issues", lambda: timeline(person)),
    ):
        seconds, cpu = median(act, repeat)
        verdict = "kept" if seconds < PAGE_LIMIT else "MISSED"
        table.add_row(f"{name} (limit {PAGE_LIMIT}: {verdict})", f"{seconds:.3f}", f"{cpu:.3f}")
    return table


def _avid_reader() -> Any:
    """Somebody who got, opened and clicked every issue of a newsletter of their own."""
    from subscribers.models import Subscriber
    from tests.tracking.newsletter.plain import Reader
    from tests.tracking.newsletter.world import make_newsletter, write_down

    every = frozenset(range(1, ISSUES + 1))
    newsletter = make_newsletter(ISSUES, slug="avid")
    (number,) = write_down([Reader(sent=every, opened=every, clicked=every)], newsletter)
    return Subscriber.objects.get(pk=number)


def _parts() -> dict[str, Callable[[], Any]]:
    from django.db import connection
    from django.utils import timezone

    from mailer.issues.models import Newsletter
    from mailer.tracking.newsletter.addresses import odd_addresses
    from mailer.tracking.newsletter.bands import bands
    from mailer.tracking.newsletter.domains import domains
    from mailer.tracking.newsletter.figures import EVER
    from mailer.tracking.newsletter.growth import growth
    from mailer.tracking.newsletter.health import health
    from mailer.tracking.newsletter.hours import hours, known_zones
    from mailer.tracking.newsletter.issues import last_issues
    from mailer.tracking.newsletter.keep import count_and_keep
    from mailer.tracking.newsletter.topics import topics

    newsletter = Newsletter.objects.get(slug="weekly")
    cursor, now = connection.cursor(), timezone.now()
    issues = last_issues(cursor, newsletter.pk, EVER)
    odd, zones = odd_addresses(cursor, newsletter), known_zones(cursor)
    return {
        "growth": lambda: growth(cursor, newsletter, "UTC", size=0, now=now),
        "engagement": lambda: bands(cursor, newsletter, issues),
        "topics": lambda: topics(cursor, newsletter, issues),
        "hours": lambda: hours(cursor, issues, zones, "UTC"),
        "names of time zones": lambda: known_zones(cursor),
        "addresses": lambda: odd_addresses(cursor, newsletter),
        "list health": lambda: health(cursor, newsletter, issues, odd, now),
        "domains": lambda: domains(cursor, issues),
        "all, counted and kept": lambda: count_and_keep(newsletter),
    }


def _page() -> str:
    from mailer.issues.models import Newsletter
    from mailer.tracking.newsletter.keep import kept_report
    from mailer.tracking.newsletter.page import render

    report = kept_report(Newsletter.objects.get(slug="weekly").pk)
    assert report is not None
    return render(report)


if __name__ == "__main__":
    main()
