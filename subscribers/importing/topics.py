"""The topics in a cell, matched to those of the store."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

_SEPARATORS = re.compile(r"[;,|；，、]")
LONGEST_NAME = 60
"""Characters of an unknown topic's name that are kept for the summary."""


class Topics(NamedTuple):
    """The numbers of the known ones, in order, and the names of the others."""

    ids: tuple[int, ...]
    unknown: tuple[str, ...]


def matcher(topics: Iterable[tuple[int, str, str]]) -> Callable[[str], Topics]:
    """A function that reads a cell such as `AI; Policy` or `"AI","Policy"`.

    Args:
        topics: number, slug and name of each that may be chosen; matched by slug or name, without case.
    """
    numbers: dict[str, int] = {}
    for number, slug, name in topics:
        numbers[name.casefold()] = number
        numbers[slug.casefold()] = number

    @lru_cache(maxsize=4096)
    def match(cell: str) -> Topics:
        names = [name for part in _SEPARATORS.split(cell) if (name := part.strip(' "'))]
        known = {number for name in names if (number := numbers.get(name.casefold())) is not None}
        unknown = dict.fromkeys(name[:LONGEST_NAME] for name in names if name.casefold() not in numbers)
        return Topics(tuple(sorted(known)), tuple(unknown))

    return match
