"""The report of a newsletter as a tidy table: one figure a row, with what it is about and what it counts."""

from collections.abc import Iterator
from typing import NamedTuple

from mailer.tracking.newsletter.figures import BANDS, NewsletterReport, Period
from mailer.tracking.newsletter.wording import ARRIVALS, DAYS, GROWTH, HEALTH, SUPPRESSED
from subscribers import spreadsheet


class Row(NamedTuple):
    """One figure.

    Attributes:
        part: of the report: "growth by week".
        about: which week, band, topic, weekday, domain.
        issue: its number, where the figure is of one issue.
        figure: its name: "joined".
        value: a number.
        counts: what it counts, in words.
    """

    part: str
    about: str
    issue: str
    figure: str
    value: int
    counts: str


def as_csv(report: NewsletterReport) -> str:
    """The table as CSV (RFC 4180). Cells that a spreadsheet would run as formulas are defused."""
    head = (report.slug, report.counted_at.isoformat(timespec="seconds"))
    return spreadsheet.as_csv(
        ("newsletter", "counted_at", *Row._fields), ((*head, *row) for row in rows(report))
    )


def rows(report: NewsletterReport) -> Iterator[Row]:
    """Every figure of the report."""
    for part, periods in (("growth by week", report.growth.weeks), ("growth by month", report.growth.months)):
        for period in periods:
            yield from _of_period(part, period)
    for band, words in BANDS.items():
        yield Row("engagement", band, "", "people", report.bands[band], words)
    for topic in report.topics.topics:
        for figure, value, counts in (
            ("chosen", topic.chosen, "people on the list who chose it by name"),
            ("clicked", topic.clicked, "clicks by people, each person's on one story once"),
            ("stories", topic.stories, "stories with it in the issues looked at"),
        ):
            yield Row("topics", topic.name, "", figure, value, counts)
    for place, acts in enumerate(report.hours.acts):
        about = f"{DAYS[place // 24]} {place % 24:02}:00"
        yield Row(
            "hours", about, "", "opens and clicks", acts, "first opens and first clicks by people, local time"
        )
    for figure, counts in HEALTH.items():
        value = getattr(report.health, figure)
        if value is not None:
            yield Row("list health", report.mailing_list, "", figure, value, counts)
    issues = [str(issue.number) for issue in reversed(report.issues)]
    for domain in report.domains:
        for issue, arrivals in zip(issues, domain.issues, strict=True):
            for figure, counts in ARRIVALS.items():
                yield Row("domains", domain.name, issue, figure, getattr(arrivals, figure), counts)


def _of_period(part: str, period: Period) -> Iterator[Row]:
    about = period.start.isoformat()
    for figure, counts in GROWTH.items():
        yield Row(part, about, "", figure, getattr(period, figure), counts)
    for reason, people in sorted(period.suppressed.items()):
        yield Row(part, about, "", f"suppressed: {reason}", people, SUPPRESSED)
