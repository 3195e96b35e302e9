"""Geometry of the page's charts: from figures to places. The template draws them."""

from collections.abc import Sequence
from dataclasses import dataclass

from mailer.delivery.progress import Progress
from mailer.tracking.reports.figures import Span
from mailer.tracking.wording import coordinate, people

SHORTEST, LONGEST = 12, 72
"""Hours on the axis: at least and at most; what comes later is told in words."""
FEWEST_DAYS, MOST_DAYS = 7, 60
"""Days on theirs."""
GAP = 0.2
"""Of a column's room."""


@dataclass(frozen=True)
class Segment:
    """A part of a bar that is 100 wide."""

    name: str
    css: str
    people: int
    x: str
    width: str


@dataclass(frozen=True)
class Column:
    """One hour or day, in a drawing 100 high and as wide as there are of them."""

    x: str
    y: str
    height: str
    title: str


@dataclass(frozen=True)
class Chart:
    """People for whom one thing happened first, by hour or day (`unit`). `later` counts those beyond the axis."""

    name: str
    css: str
    unit: str
    width: int
    columns: tuple[Column, ...]
    highest: int
    total: int
    later: int


def segments(identity: Progress) -> tuple[Segment, ...]:
    """The parts that the candidates fall into, in the order in which people come to rest."""
    waiting = identity.waiting - identity.in_flight
    parts = (
        ("accepted by SendGrid", "accepted", identity.accepted),
        ("in flight", "flight", identity.in_flight),
        ("waiting", "waiting", waiting),
        ("unknown", "unknown", identity.unknown),
        ("rejected", "rejected", identity.rejected),
        ("excluded", "excluded", identity.excluded),
    )
    total = sum(count for _, _, count in parts) or 1
    drawn, before = [], 0
    for name, css, count in parts:
        drawn.append(
            Segment(name, css, count, coordinate(100 * before / total), coordinate(100 * count / total))
        )
        before += count
    return tuple(drawn)


def axis(hours: Sequence[Span]) -> int:
    """How many hours the charts show: all in which something happened, within bounds, in steps of twelve."""
    last = hours[-1].number + 1 if hours else 0
    return min(max(-(-last // SHORTEST) * SHORTEST, SHORTEST), LONGEST)


def hour_charts(hours: Sequence[Span], days: Sequence[Span]) -> tuple[Chart, ...]:
    """One chart each of deliveries, opens and clicks, over the same hours, each to its own height; the days say how many
    there were in all."""
    return _charts("hour", axis(hours), hours, days)


def day_charts(days: Sequence[Span]) -> tuple[Chart, ...]:
    """The same over days; none where there is only one."""
    if not days or days[-1].number == 0:
        return ()
    return _charts("day", min(max(days[-1].number + 1, FEWEST_DAYS), MOST_DAYS), days, days)


def _charts(unit: str, width: int, spans: Sequence[Span], all_spans: Sequence[Span]) -> tuple[Chart, ...]:
    return tuple(
        _chart(
            name,
            css,
            unit,
            width,
            [(span.number, getattr(span, css)) for span in spans],
            sum(getattr(span, css) for span in all_spans),
        )
        for name, css in (("Delivered", "delivered"), ("Opened by people", "opened"), ("Clicked", "clicked"))
    )


def _chart(
    name: str, css: str, unit: str, width: int, counts: Sequence[tuple[int, int]], total: int
) -> Chart:
    shown = [(place, count) for place, count in counts if place < width and count]
    highest = max((count for _, count in shown), default=0)
    columns = tuple(
        Column(
            x=coordinate(place + GAP / 2),
            y=coordinate(100 - 100 * count / highest),
            height=coordinate(100 * count / highest),
            title=f"{unit} {place}: {people(count)}",
        )
        for place, count in shown
    )
    return Chart(name, css, unit, width, columns, highest, total, total - sum(count for _, count in shown))
