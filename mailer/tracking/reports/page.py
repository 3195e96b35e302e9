"""The report of a send as a page: one to save and to mail, and the same within the staff site."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from mailer.tracking.link_figures import StoryClicks, TopicClicks
from mailer.tracking.reports.charts import axis, day_charts, hour_charts, segments
from mailer.tracking.reports.figures import Breakdown, Rate, Report, Usual
from mailer.tracking.reports.rows import NO_LINK, value_of
from mailer.tracking.saved_page import saved_page
from mailer.tracking.wording import address, for_nobody, percent

GROUPS = 10
"""Rows of a breakdown that are shown at once."""
SHORTEST = 0.01
"""Of the range of a rate, as a part of its highest value."""


@dataclass(frozen=True)
class Bar:
    """Something counted, with a bar as long as its share of the greatest."""

    name: str
    note: str
    people: int
    share: float | None
    length: str


@dataclass(frozen=True)
class Tile:
    """A rate beside what is usual. `place` is where it stands between the lowest and the highest, in per cent."""

    rate: Rate
    usual: Usual | None
    place: str = ""
    middle: str = ""


@dataclass(frozen=True)
class Cell:
    """A figure of a group; `share` is in per cent, "" for none."""

    label: str
    people: int
    share: str


@dataclass(frozen=True)
class Grid:
    """A breakdown as rows and columns, with a note for each column. The page folds `more` away."""

    by: str
    title: str
    says: str
    labels: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    more: tuple[tuple[str, tuple[Cell, ...]], ...]
    notes: tuple[str, ...]


def render(report: Report) -> SafeString:
    """The page to save, as HTML."""
    title = f"{report.newsletter} {report.issue_number}: report"
    return saved_page("tracking/report.html", title, **shown(report))


def shown(report: Report) -> dict[str, Any]:
    """What tracking/report.html is given."""
    return {
        "report": report,
        "subject": for_nobody(report.subject),
        "identity": str(report.identity),
        "segments": segments(report.identity),
        "tiles": [_tile(rate, report.compared.of(rate.figure)) for rate in report.rates],
        "hours": hour_charts(report.hours, report.days),
        "hour_ticks": [f"{axis(report.hours) * n // 4} h" for n in range(5)],
        "days": day_charts(report.days),
        "stories": _bars(
            (f"{story.position}. {for_nobody(story.headline)}", story) for story in report.stories
        ),
        "topics": _bars((topic.name, topic) for topic in report.topics),
        "links": _links(report),
        "grids": [_grid(report, breakdown) for breakdown in report.breakdowns if breakdown.all],
    }


def _tile(rate: Rate, usual: Usual | None) -> Tile:
    if usual is None or rate.share is None:
        return Tile(rate, usual)
    # Drawn on a line from the lowest to the highest of all, this one among them. Its length is never less than a part of
    # the highest: what reads the same stands at the same place.
    low, high = min(usual.lowest, rate.share), max(usual.highest, rate.share)
    length = max(high - low, SHORTEST * high)
    place, middle = (
        (share - (low + high) / 2) / length + 0.5 if length else 0.5 for share in (rate.share, usual.median)
    )
    return Tile(rate, usual, _number(100 * place), _number(100 * middle))


def _bars(named: Iterable[tuple[str, StoryClicks | TopicClicks]]) -> list[Bar]:
    listed = list(named)
    greatest = max((each.share for _, each in listed if each.share), default=1)
    return [
        Bar(
            name,
            f"of {each.received:,}{_by_machines(each.machines)}",
            each.people,
            each.share,
            _number(100 * (each.share or 0) / greatest),
        )
        for name, each in listed
    ]


def _links(report: Report) -> list[Bar]:
    greatest = max((link.people for link in report.links), default=0) or 1
    return [
        Bar(
            address(link.url) or NO_LINK,
            " · ".join(dict.fromkeys(map(for_nobody, filter(None, (link.label, link.story)))))
            + _by_machines(link.machines),
            link.people,
            link.people / report.totals.clicked if report.totals.clicked else None,
            _number(100 * link.people / greatest),
        )
        for link in report.links
    ]


def _by_machines(people: int) -> str:
    return f" · {people:,} by machines" if people else ""


def _grid(report: Report, breakdown: Breakdown) -> Grid:
    notes = [report.note(figure) for figure in breakdown.figures]
    rows = []
    for group in breakdown.all:
        cells = []
        for note in notes:
            value, of = value_of(report, group, note.figure)
            cells.append(Cell(note.label, value, percent(value / of) if of else ""))
        rows.append((group.name, tuple(cells)))
    shown = GROUPS if len(rows) > GROUPS + 1 else len(rows)
    labels = {note.figure: note.label.lower() for note in report.notes}
    told = tuple(
        f"{note.label}: {note.counts}" + (f", as a share of {labels[note.of]}" if note.of else "")
        for note in notes
    )
    return Grid(
        breakdown.by,
        breakdown.title,
        breakdown.says,
        tuple(note.label for note in notes),
        tuple(rows[:shown]),
        tuple(rows[shown:]),
        told,
    )


def _number(value: float) -> str:
    return f"{min(max(value, 0), 100):.1f}"
