"""Two circles whose areas, and the area that they share, are as the numbers of people."""

from dataclasses import dataclass
from math import acos, pi, sqrt

LARGEST = 100.0
"""The radius of the larger circle, in the picture's units."""
STEPS = 60
"""Halvings until the distance is found: far below what a screen shows."""


@dataclass(frozen=True)
class Circles:
    """Where the two circles stand, side by side; the first one's left edge is at 0.

    Attributes:
        first, second: radii.
        first_x, second_x: of their centres.
        y: of both centres.
    """

    first: float
    second: float
    first_x: float
    second_x: float

    @property
    def y(self) -> float:
        return max(self.first, self.second)

    @property
    def width(self) -> float:
        return max(self.first_x + self.first, self.second_x + self.second)

    @property
    def height(self) -> float:
        return 2 * self.y


def circles(first: int, second: int, both: int) -> Circles:
    """The circles of two numbers of people and of how many are in both. A circle of nobody has no radius."""
    scale = LARGEST / sqrt(max(first, second, 1))
    r, s = scale * sqrt(first), scale * sqrt(second)
    distance = _distance(r, s, pi * scale * scale * both)
    left = max(r, s - distance)
    return Circles(r, s, left, left + distance)


def _distance(r: float, s: float, area: float) -> float:
    """Between the centres of two circles that share an area: it falls as they go apart."""
    near, far = abs(r - s), r + s
    for _ in range(STEPS):
        middle = (near + far) / 2
        if _shared(r, s, middle) > area:
            near = middle
        else:
            far = middle
    # Nothing shared: a gap shows that they do not touch. All of one shared: it lies inside the other.
    return far * 1.04 if area == 0 else far


def _shared(r: float, s: float, distance: float) -> float:
    """The area that two circles share (two circular segments, by the law of cosines)."""
    if distance >= r + s:
        return 0.0
    if distance <= abs(r - s):
        return pi * min(r, s) ** 2
    a = (distance**2 + r**2 - s**2) / (2 * distance)
    b = distance - a
    return (
        r**2 * acos(_unit(a / r))
        - a * sqrt(max(r**2 - a**2, 0))
        + s**2 * acos(_unit(b / s))
        - b * sqrt(max(s**2 - b**2, 0))
    )


def _unit(value: float) -> float:
    return max(-1.0, min(1.0, value))
