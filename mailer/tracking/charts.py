"""Geometry of the page's charts: from figures to places. The template draws them.

Numbers are text already, because a template would write them in the language of the installation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mailer.delivery.progress import Progress
from mailer.tracking.figures import Hour
from mailer.tracking.wording import people

SHORTEST, LONGEST = 12, 72
"""Hours on the axis: at least and at most; what comes later is told in words."""
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
    """One hour, in a drawing 100 high and as wide as there are hours."""

    x: str
    y: str
    height: str
    title: str


@dataclass(frozen=True)
class HourChart:
    """People for whom one thing happened first, by hour. `later` counts those beyond the axis."""

    name: str
    css: str
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
        drawn.append(Segment(name, css, count, _number(100 * before / total), _number(100 * count / total)))
        before += count
    return tuple(drawn)


def axis(hours: Sequence[Hour]) -> int:
    """How many hours the charts show: all in which something happened, within bounds, in steps of twelve."""
    last = hours[-1].number + 1 if hours else 0
    return min(max(-(-last // SHORTEST) * SHORTEST, SHORTEST), LONGEST)


def hour_charts(hours: Sequence[Hour]) -> tuple[HourChart, ...]:
    """One chart each of deliveries, opens and clicks, over the same hours, each to its own height."""
    width = axis(hours)
    return tuple(
        _chart(name, css, width, [(hour.number, count) for hour, count in zip(hours, counts, strict=True)])
        for name, css, counts in (
            ("Delivered", "delivered", [hour.delivered for hour in hours]),
            ("Opened by people", "opened", [hour.opened for hour in hours]),
            ("Clicked", "clicked", [hour.clicked for hour in hours]),
        )
    )


def _chart(name: str, css: str, width: int, counts: Sequence[tuple[int, int]]) -> HourChart:
    shown = [(hour, count) for hour, count in counts if hour < width and count]
    highest = max((count for _, count in shown), default=0)
    columns = tuple(
        Column(
            x=_number(hour + GAP / 2),
            y=_number(100 - 100 * count / highest),
            height=_number(100 * count / highest),
            title=f"hour {hour}: {people(count)}",
        )
        for hour, count in shown
    )
    later = sum(count for hour, count in counts if hour >= width)
    return HourChart(name, css, width, columns, highest, sum(count for _, count in counts), later)


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")
