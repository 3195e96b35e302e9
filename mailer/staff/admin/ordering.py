"""The order of stories as an editor asks for it, by dragging or by typing positions."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Place(Generic[Key]):
    """Where an item stood (None: it is new) and where it is wanted (None: at the end)."""

    key: Key
    before: int | None
    wanted: int | None


def in_order(places: Iterable[Place[Key]]) -> list[Key]:
    """The items in their new order.

    Two may want the same position. Then the one that was moved there gets it: it goes before the other
    when it moved up, behind it when it moved down.
    """

    def rank(place: Place[Key]) -> tuple[float, int]:
        if place.wanted is None:
            return (float("inf"), 0)
        if place.before is None or place.wanted < place.before:
            return (place.wanted, -1)
        return (place.wanted, 1 if place.wanted > place.before else 0)

    return [place.key for place in sorted(places, key=rank)]
