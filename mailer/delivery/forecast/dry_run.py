"""The dry run: what a send comes to, told without writing anything.

Set by set in SQL, over the same relation for a send that is planned and for one that is not (see foreseen.py).
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from mailer.delivery.audience import audience_of
from mailer.delivery.forecast.difference import compare, reason_counts
from mailer.delivery.forecast.figures import (
    DomainCount,
    EditionCount,
    Forecast,
    VariantCount,
    ZoneCount,
)
from mailer.delivery.forecast.foreseen import Foreseen, StoryIds
from mailer.delivery.forecast.parts import parts_of_plan, parts_to_make, until
from mailer.delivery.models import Send
from mailer.delivery.schedule import schedule_of
from mailer.delivery.variants import contents
from mailer.delivery.zones import zone_of
from mailer.issues.builder.build import build
from mailer.issues.builder.content import BuildError
from mailer.issues.lint import Finding, lint

DOMAINS = 20
"""Receiving domains that are counted apart."""


@contextmanager
def undone() -> Iterator[None]:
    """Whatever the block writes never was when it ends."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def forecast(who: Foreseen, *, places: bool = True, beside: bool = True) -> Forecast:
    """What the people of a send come to.

    Args:
        places: count them by time zone and receiving domain too.
        beside: compare them with those of the last send too. Without both it takes half of the time or less.
    """
    send = who.send
    with connection.cursor() as cursor:
        counts = _count(cursor, who)
        there = _places(cursor, who) if places else _Places((), (), 0)
        difference = compare(cursor, who) if beside else None
        parts = parts_of_plan(cursor, send) if who.built is None else parts_to_make(cursor, send)
    recipients = sum(counts.editions.values())
    tops = sum(domain.people for domain in there.domains)
    return Forecast(
        send=send.pk if send.planned_at else None,
        issue=str(send.issue),
        mailing_list=send.mailing_list.name,
        audience=str(audience_of(send)),
        planned_at=send.planned_at,
        started_at=send.started_at,
        schedule=str(schedule_of(send)),
        candidates=recipients + sum(counts.excluded.values()),
        recipients=recipients,
        requests=sum(part.requests for part in parts),
        excluded=reason_counts(counts.excluded),
        editions=_editions(send, counts.editions),
        zones=there.zones,
        domains=there.domains,
        other_domains=there.number_of_domains - len(there.domains),
        other_domain_people=recipients - tops,
        variants=tuple(
            VariantCount(
                variant.number, variant.subject, variant.preheader, counts.variants.get(variant.number, 0)
            )
            for variant in (send.variants.all() if send.test_share else ())
        ),
        untested=recipients - sum(counts.variants.values()) if send.test_share else 0,
        until=until(send.issue.newsletter, parts),
        findings=who.built.findings if who.built else _findings(send),
        difference=difference,
    )


@dataclass
class _Counts:
    excluded: dict[str, int]
    editions: dict[StoryIds, int]
    variants: dict[int, int]


def _count(cursor: CursorWrapper, who: Foreseen) -> _Counts:
    """People by reason, by stories, and by the variant that is tried on them."""
    counts = _Counts(defaultdict(int), defaultdict(int), defaultdict(int))
    cursor.execute(
        f"SELECT reason, edition, in_test, count(*) FROM ({who.sql}) who GROUP BY 1, 2, 3",
        who.values,
    )
    for reason, edition, in_test, people in cursor.fetchall():
        if reason is not None:
            counts.excluded[reason] += people
            continue
        stories, variant = who.editions[edition]
        counts.editions[stories] += people
        if in_test:
            counts.variants[variant] += people
    return counts


def _editions(send: Send, counts: dict[StoryIds, int]) -> tuple[EditionCount, ...]:
    headlines = dict(send.issue.stories.values_list("id", "headline"))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        EditionCount(number, stories, tuple(headlines.get(story, "…") for story in stories), people)
        for number, (stories, people) in enumerate(ordered, 1)
    )


@dataclass(frozen=True)
class _Places:
    zones: tuple[ZoneCount, ...]
    domains: tuple[DomainCount, ...]
    number_of_domains: int


def _places(cursor: CursorWrapper, who: Foreseen) -> _Places:
    """Where the recipients are: by time zone with the moments when they get it, and by receiving domain."""
    cursor.execute(
        f"""
        WITH getting AS (
            SELECT subscriber.time_zone, subscriber.country, who.due_at,
                split_part(lower(subscriber.email), '@', -1) AS domain
            FROM ({who.recipients}) who
            JOIN subscribers_subscriber subscriber ON subscriber.id = who.subscriber_id
        ), counted AS MATERIALIZED (
            SELECT time_zone, country, domain, count(*) AS people,
                CASE WHEN count(due_at) = count(*) THEN min(due_at) END AS first, max(due_at) AS last
            FROM getting GROUP BY GROUPING SETS ((time_zone, country), (domain))
        )
        (SELECT time_zone, country, domain, people, first, last, 0 FROM counted WHERE domain IS NULL)
        UNION ALL
        (SELECT NULL, NULL, domain, people, NULL, NULL, count(*) OVER () FROM counted WHERE domain IS NOT NULL
            ORDER BY people DESC, domain LIMIT {DOMAINS})
        """,
        who.values,
    )
    zones: dict[str, ZoneCount] = {}
    domains: list[DomainCount] = []
    number_of_domains = 0
    fallback = who.send.issue.newsletter.time_zone
    for time_zone, country, domain, people, first, last, of in cursor.fetchall():
        if domain is not None:
            domains.append(DomainCount(domain, people))
            number_of_domains = of
            continue
        name = zone_of(time_zone, country, fallback).key
        there = ZoneCount(name, people, first, last)
        zones[name] = _together(zones[name], there) if name in zones else there
    ordered = sorted(
        zones.values(), key=lambda zone: (zone.first is not None, zone.first, -zone.people, zone.zone)
    )
    return _Places(tuple(ordered), tuple(domains), number_of_domains)


def _together(one: ZoneCount, other: ZoneCount) -> ZoneCount:
    """Two parts of the people of a zone."""
    first = min(one.first, other.first) if one.first and other.first else None
    last = max((at for at in (one.last, other.last) if at), default=None)
    return replace(one, people=one.people + other.people, first=first, last=last)


def _findings(send: Send) -> tuple[Finding, ...]:
    """What the checks say of a planned send's editions, made anew from the issue as it is now.

    Nothing where it cannot be rendered any more: what goes out is what was rendered for the plan.
    """
    variants = contents(send)
    found: dict[Finding, None] = {}
    for story_ids, variant in send.editions.order_by("id").values_list("story_ids", "variant"):
        issue = variants[variant]
        selection = replace(issue, stories=tuple(story for story in issue.stories if story.id in story_ids))
        try:
            edition = build(selection)
        except BuildError:
            return ()
        found.update(dict.fromkeys(lint(selection, edition, site=settings.PUBLIC_URL)))
    return tuple(found)
