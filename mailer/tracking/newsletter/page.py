"""The report of a newsletter as a page: one to save and to mail, and the same within the staff site."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.safestring import SafeString

from mailer.tracking.newsletter.charts import band_parts, domain_cells, growth_chart, hour_cells
from mailer.tracking.newsletter.figures import Health, NewsletterReport, Period, Topics
from mailer.tracking.newsletter.wording import HEALTH, REASONS, age, best, points, span
from mailer.tracking.saved_page import saved_page

WEEKS, MONTHS = 26, 24
"""The last ones are drawn; the file (--csv) holds all."""
ROWS = 6
"""Months that are told in numbers too."""
TOPICS = 30


def render(report: NewsletterReport) -> SafeString:
    """The page to save, as HTML."""
    return saved_page("tracking/newsletter.html", f"{report.name}: report", **shown(report))


def shown(report: NewsletterReport) -> dict[str, Any]:
    """What tracking/newsletter.html is given."""
    months = report.growth.months[-MONTHS:]
    told = [*reversed(months[-ROWS:])]
    return {
        "report": report,
        "span": span(report),
        "charts": [
            ("By week", "weeks", growth_chart(report.growth.weeks[-WEEKS:], _week)),
            ("By month", "months", growth_chart(months, _month)),
        ],
        "months": told,
        "reasons": [
            (words, count) for reason, words in REASONS.items() if (count := _suppressed(told, reason))
        ],
        "bands": band_parts(report),
        "topics": _topics(report.topics),
        "more_topics": max(len(report.topics.topics) - TOPICS, 0),
        "hours": hour_cells(report.hours),
        "best": best(report.hours),
        "health": _health(report.health),
        "age": age(report.health.days),
        "domains": [(domain, domain_cells(report, domain)) for domain in report.domains],
        "arrivals": report.arrivals,
    }


def _week(start: date) -> str:
    return f"{start:%-d %b %Y}"


def _month(start: date) -> str:
    return f"{start:%b %Y}"


def _suppressed(periods: Sequence[Period], reason: str) -> int:
    return sum(period.suppressed.get(reason, 0) for period in periods)


def _topics(topics: Topics) -> list[dict[str, Any]]:
    shares = [(topic, *topics.shares(topic)) for topic in topics.topics[:TOPICS]]
    greatest = max((max(chosen or 0, clicked or 0) for _, chosen, clicked, _ in shares), default=0) or 1
    return [
        {
            "topic": topic,
            "chosen": chosen,
            "clicked": clicked,
            "points": points(difference),
            "up": (difference or 0) >= 0.0005,
            "chosen_length": f"{100 * (chosen or 0) / greatest:.1f}",
            "clicked_length": f"{100 * (clicked or 0) / greatest:.1f}",
        }
        for topic, chosen, clicked, difference in shares
    ]


def _health(health: Health) -> list[tuple[int, int | None, str]]:
    """How many, of how many, and what they are."""
    shown = [name for name in HEALTH if name not in ("people", "sent", "days")]
    return [(getattr(health, name), health.base(name), HEALTH[name]) for name in shown]
