"""Geometry of the page's charts: from figures to places. The template draws them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from mailer.tracking.newsletter.figures import BANDS, Domain, Hours, NewsletterReport, Period
from mailer.tracking.newsletter.wording import DAYS, clock
from mailer.tracking.wording import coordinate, people, percent

GAP = 0.24
"""Of a column's room."""
NARROWEST = 12
"""Columns that a drawing has room for, however few there are: the rest stays empty."""
COLOURS = {"active": "opened", "cooling": "waiting", "silent": "rejected", "new": "excluded"}
"""Of the bands."""
WORST = 0.05
"""Of an issue's mail to a domain: so much not delivered is drawn at full strength."""


@dataclass(frozen=True)
class Column:
    """What happened in a period: joined above the line, gone below it."""

    x: str
    width: str
    y: str
    up: str
    down: str
    title: str


@dataclass(frozen=True)
class GrowthChart:
    """Columns in a drawing, each 1 wide, 100 high; the line that divides them; sizes as a path.

    Attributes:
        zero: where the line is.
        line: the sizes at the ends of the periods, from the lowest to the highest; for one period, a dot.
        ticks: what stands below, evenly spread.
        filled: the part of the width that has columns, in percent.
    """

    width: int
    zero: str
    columns: tuple[Column, ...]
    line: str
    lowest: int
    highest: int
    ticks: tuple[str, ...]
    filled: str


@dataclass(frozen=True)
class Part:
    """A part of a bar that is 100 wide."""

    name: str
    words: str
    css: str
    people: int
    share: float | None
    x: str
    length: str


@dataclass(frozen=True)
class Cell:
    """A square of a table drawn in colour. `strength` is its opacity; "" where there is nothing to draw."""

    strength: str
    title: str


def growth_chart(periods: Sequence[Period], named: Callable[[date], str]) -> GrowthChart:
    """The last periods, with what came above and what went below the line."""
    most = max((period.joined for period in periods), default=0)
    least = max((period.gone for period in periods), default=0)
    whole = most + least or 1
    zero = 100 * most / whole if most + least else 50.0
    columns = tuple(
        Column(
            x=coordinate(place + GAP / 2),
            width=coordinate(1 - GAP),
            y=coordinate(zero - 100 * period.joined / whole),
            up=coordinate(100 * period.joined / whole),
            down=coordinate(100 * period.gone / whole),
            title=f"{named(period.start)}: {people(period.joined)} joined, {people(period.gone)} gone, "
            f"{people(period.size)} at the end",
        )
        for place, period in enumerate(periods)
    )
    sizes = [period.size for period in periods]
    lowest, highest = min(sizes, default=0), max(sizes, default=0)
    # A list that stayed as large as it is stands at full height.
    floor = lowest if highest > lowest else lowest - 1
    points = [
        f"{coordinate(place + 0.5)} {coordinate(96 - 92 * (size - floor) / (highest - floor or 1))}"
        for place, size in enumerate(sizes)
    ]
    line = "M" + "L".join(points * 2 if len(points) == 1 else points)
    width = max(len(periods), NARROWEST)
    filled = coordinate(100 * len(periods) / width)
    ticks = tuple(dict.fromkeys(named(periods[place].start) for place in _spread(len(periods))))
    return GrowthChart(width, coordinate(zero), columns, line, lowest, highest, ticks, filled)


def band_parts(report: NewsletterReport) -> tuple[Part, ...]:
    """The bands as parts of one bar."""
    whole, before, drawn = sum(report.bands.values()), 0, []
    for band, words in BANDS.items():
        count = report.bands[band]
        share = count / whole if whole else None
        x = 100 * before / whole if whole else 0
        drawn.append(
            Part(band, words, COLOURS[band], count, share, coordinate(x), coordinate(100 * (share or 0)))
        )
        before += count
    return tuple(drawn)


def hour_cells(hours: Hours) -> tuple[tuple[str, tuple[Cell, ...]], ...]:
    """A row for each weekday with its 24 hours; the strongest is the hour with the most."""
    highest = max(hours.acts, default=0) or 1
    return tuple(
        (
            day,
            tuple(
                Cell(coordinate(acts / highest), f"{day}, {clock(hour)}: {people(acts)} opens and clicks")
                for hour, acts in enumerate(hours.acts[number * 24 : number * 24 + 24])
            ),
        )
        for number, day in enumerate(DAYS)
    )


def domain_cells(report: NewsletterReport, domain: Domain) -> tuple[Cell, ...]:
    """What was not delivered to a domain, issue by issue, the oldest first: the stronger, the more."""
    issues = [issue.number for issue in reversed(report.issues)]
    cells = []
    for number, arrivals in zip(issues, domain.issues, strict=True):
        missing = arrivals.sent - arrivals.delivered
        share = missing / arrivals.sent if arrivals.sent else 0
        delivered = percent(arrivals.delivered / arrivals.sent if arrivals.sent else None)
        title = (
            f"issue {number}: {delivered} of {people(arrivals.sent)} delivered, {people(arrivals.bounced)} bounced, "
            f"{people(arrivals.blocked)} blocked, {people(arrivals.opened)} opened"
        )
        cells.append(Cell(coordinate(min(share / WORST, 1)) if arrivals.sent else "", title))
    return tuple(cells)


def _spread(count: int) -> list[int]:
    """Up to five places, evenly from the first to the last."""
    return [round(place * (count - 1) / 4) for place in range(5)] if count else []
