"""A report as one self-contained page: it can be saved, mailed and opened anywhere."""

from dataclasses import dataclass

from django.template.loader import render_to_string

from mailer.tracking.charts import axis, hour_charts, segments
from mailer.tracking.figures import Report
from mailer.tracking.wording import subject

EDITIONS = 100
LINKS = 200


@dataclass(frozen=True)
class Bar:
    """Something counted, with a bar as long as its share of the greatest."""

    name: str
    note: str
    people: int
    share: float | None
    length: str


def render(report: Report) -> str:
    """The page, as HTML. Nothing in it is fetched from elsewhere, nothing runs, everything is escaped."""
    return render_to_string(
        "tracking/report.html",
        {
            "report": report,
            "subject": subject(report),
            "identity": str(report.identity),
            "segments": segments(report.identity),
            "charts": hour_charts(report.hours),
            "ticks": [f"{axis(report.hours) * n // 4} h" for n in range(5)],
            "stories": _stories(report),
            "links": _links(report),
            "more_links": max(len(report.links) - LINKS, 0),
            "domains": (*report.domains, *((report.other_domains,) if report.other_domains else ())),
            "editions": report.editions[:EDITIONS],
            "more_editions": max(len(report.editions) - EDITIONS, 0),
        },
    )


def _stories(report: Report) -> list[Bar]:
    shares = [story.clicked / story.received if story.received else None for story in report.stories]
    greatest = max((share for share in shares if share), default=1)
    return [
        Bar(
            f"{story.position}. {story.headline}",
            f"of {story.received:,}",
            story.clicked,
            share,
            _length((share or 0) / greatest),
        )
        for story, share in zip(report.stories, shares, strict=True)
    ]


def _links(report: Report) -> list[Bar]:
    greatest = max((link.clicked for link in report.links), default=0) or 1
    return [
        Bar(
            link.url,
            " · ".join(dict.fromkeys(filter(None, (link.label, link.story)))),
            link.clicked,
            link.clicked / report.totals.clicked if report.totals.clicked else None,
            _length(link.clicked / greatest),
        )
        for link in report.links[:LINKS]
    ]


def _length(share: float) -> str:
    return f"{min(share, 1) * 100:.1f}"
