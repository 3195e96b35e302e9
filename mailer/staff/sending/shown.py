"""What a forecast looks like on a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from mailer.delivery.forecast.dry_run import forecast
from mailer.delivery.forecast.figures import Forecast
from mailer.delivery.forecast.foreseen import Foreseen
from mailer.delivery.schedule import AT_ONCE, schedule_of
from mailer.issues.builder.content import Edition
from mailer.issues.builder.personalise import personalise
from mailer.issues.models import Newsletter
from mailer.issues.preview import example_reader
from mailer.tracking.wording import for_nobody

ROWS = 12
"""Rows of a table before the rest is folded."""
SOON = timedelta(minutes=2)
"""What is over so long after it began is told of as one moment."""


@dataclass(frozen=True)
class Seen:
    """A subject and preheader as an example reader sees them."""

    number: int
    subject: str
    preheader: str


def figures_of(who: Foreseen) -> dict[str, Any]:
    """What is shown of the people of a send: numbers, tables, subjects and moments."""
    told = forecast(who)
    newsletter = who.send.issue.newsletter
    schedule = schedule_of(who.send)
    headlines = list(dict.fromkeys(h for each in told.editions for h in each.headlines))
    return {
        "told": told,
        "excluded": told.candidates - told.recipients,
        "subjects": subjects_of(who),
        "stories": [(number, headline) for number, headline in enumerate(headlines, 1)],
        "editions": [
            (each, [headlines.index(headline) + 1 for headline in each.headlines]) for each in told.editions
        ],
        "rows": ROWS,
        "timed": str(schedule) != AT_ONCE,
        "at_moments": len({zone.last for zone in told.zones}) > 1,
        "last": last_moment(told, newsletter, schedule.at or timezone.now()),
        "pace": pace_of(newsletter),
        "zone": newsletter.time_zone,
    }


def subjects_of(who: Foreseen) -> list[Seen]:
    """The subject of each variant as it will be seen."""
    built: Mapping[int, Edition] = dict(reversed(who.built.built)) if who.built else {}
    if not built:
        variants = list(who.send.variants.all())
        pairs = [(each.subject, each.preheader) for each in variants] or [
            (who.send.issue.subject, who.send.issue.preheader)
        ]
        return [
            Seen(n, for_nobody(subject), for_nobody(preheader))
            for n, (subject, preheader) in enumerate(pairs)
        ]
    return [Seen(number, *_read(edition)) for number, edition in sorted(built.items())]


def _read(edition: Edition) -> tuple[str, str]:
    mail = personalise(edition, example_reader())
    return mail.subject, mail.preheader


def last_moment(told: Forecast, newsletter: Newsletter, begins: datetime) -> datetime | None:
    """When the last are expected to go, in the newsletter's time zone; None as fast as it goes."""
    moments = [zone.last for zone in told.zones if zone.last]
    if told.until:
        moments.append(told.until)
    last = max(moments, default=None)
    if last is None or last < begins + SOON:
        return None
    return timezone.localtime(last, ZoneInfo(newsletter.time_zone))


def pace_of(newsletter: Newsletter) -> list[str]:
    """The limits that hold for a newsletter, in words."""
    limits = []
    if newsletter.hourly_ceiling:
        limits.append(f"at most {newsletter.hourly_ceiling:,} people an hour")
    limits += [f"{number:,} an hour at {domain}" for domain, number in newsletter.domain_ceilings.items()]
    if newsletter.warm_up_from:
        limits.append(f"warm-up from {newsletter.warm_up_from:%d %b %Y}")
    rate = settings.ENVIRONMENT.sendgrid_rate
    if rate:
        limits.append(f"at most {rate:,} people a second on this account")
    return limits
