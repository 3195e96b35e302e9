"""Reading a rule, which is JSON from outside: every key and value is checked, and errors name their place."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from subscribers.segments.errors import SegmentError

LONGEST_TEXT = 500
MOST_VALUES = 1_000
"""Of one condition, such as the countries after `is_any_of`."""
GREATEST_NUMBER = 10**15
MOST_DAYS = 36_500
EARLIEST, LATEST = 1800, 2500
"""Years. Others are slips, and written with four digits all days sort as texts."""
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Part:
    """One JSON object of a rule. Whoever reads it takes the keys it knows; `done` refuses what is left.

    Attributes:
        place: where it stands in the rule, "" for the rule itself.
    """

    def __init__(self, value: object, place: str = "") -> None:
        if not isinstance(value, Mapping):
            raise SegmentError("not_an_object", place, f"this is {_kind(value)}: write an object, {{…}}")
        self.place = place
        self._values: Mapping[str, Any] = value
        self._known: set[str] = set()

    def at(self, key: str) -> str:
        """The place of one of its keys."""
        return below(self.place, key)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return map(str, self._values)

    def has(self, key: str) -> bool:
        """Whether the key is there. It is known from now on."""
        self._known.add(key)
        return key in self._values

    def take(self, key: str) -> Any:
        """The value of a key that must be there."""
        if not self.has(key):
            raise SegmentError("missing", self.place, f"“{key}” is missing{self._nearest(key)}")
        return self._values[key]

    def inside(self, key: str) -> "Part":
        """The object that stands at a key."""
        return Part(self.take(key), self.at(key))

    def one_of(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys that are there, in the order given."""
        return [key for key in keys if self.has(key)]

    def done(self) -> None:
        """Raises SegmentError for a key that nobody took."""
        for key in self._values:
            if key not in self._known:
                known = ", ".join(sorted(self._known))
                near = get_close_matches(str(key), self._known, n=1)
                hint = f"did you mean “{near[0]}”?" if near else f"here may stand: {known}"
                raise SegmentError(
                    "unknown_key", self.at(str(key)), f"nothing of this name can stand here; {hint}"
                )

    def text(self, key: str) -> str:
        """A text that is not empty."""
        return text(self.take(key), self.at(key))

    def texts(self, key: str) -> tuple[str, ...]:
        """One or more texts, in a list."""
        found = listed(self.take(key), self.at(key))
        return tuple(text(value, f"{self.at(key)}[{n}]") for n, value in enumerate(found))

    def yes_no(self, key: str) -> bool:
        """true or false."""
        value = self.take(key)
        if not isinstance(value, bool):
            raise SegmentError("not_yes_no", self.at(key), f"this is {_kind(value)}: write true or false")
        return value

    def true(self, key: str) -> None:
        """A key that says all by being there; its value can only be true."""
        if not self.yes_no(key):
            raise SegmentError(
                "only_true", self.at(key), "only true can stand here: leave the key out instead"
            )

    def whole(self, key: str, most: int) -> int:
        """A whole number from 1 to `most`."""
        value = self.take(key)
        if type(value) is not int or not 1 <= value <= most:
            raise SegmentError("not_in_range", self.at(key), f"write a whole number from 1 to {most:,}")
        return value

    def number(self, key: str) -> Decimal:
        """A number."""
        return number(self.take(key), self.at(key))

    def numbers(self, key: str, size: int) -> tuple[Decimal, ...]:
        """So many numbers, in a list."""
        found = listed(self.take(key), self.at(key))
        if len(found) != size:
            raise SegmentError("wrong_size", self.at(key), f"write {size} numbers: [18, 30]")
        return tuple(number(value, f"{self.at(key)}[{n}]") for n, value in enumerate(found))

    def day(self, key: str) -> date:
        """A day, written as 2026-03-31."""
        value = self.take(key)
        try:
            found = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
        except ValueError:
            found = None
        if found is None or not EARLIEST <= found.year <= LATEST:
            raise SegmentError("not_a_day", self.at(key), "write a day as 2026-03-31")
        return found

    def choice(self, key: str, known: Sequence[str]) -> str:
        """One of the known words."""
        value = self.take(key)
        if not isinstance(value, str) or value not in known:
            raise SegmentError("unknown_word", self.at(key), f"write one of: {', '.join(known)}")
        return value

    def choices(self, key: str, known: Sequence[str]) -> tuple[str, ...]:
        """One of the known words, or a list of them."""
        value = self.take(key)
        place = self.at(key)
        found = listed(value, place) if isinstance(value, list) else [value]
        for n, word in enumerate(found):
            if not isinstance(word, str) or word not in known:
                where = f"{place}[{n}]" if isinstance(value, list) else place
                raise SegmentError("unknown_word", where, f"write one of: {', '.join(known)}")
        return tuple(dict.fromkeys(found))

    def _nearest(self, key: str) -> str:
        near = get_close_matches(key, map(str, self._values), n=1)
        return f" (or is it “{near[0]}”?)" if near else ""


def below(place: str, key: str) -> str:
    """The place of a key of what stands at a place."""
    return f"{place}.{key}" if place else key


def text(value: object, place: str) -> str:
    """A text that is not empty and that the database can hold."""
    if not isinstance(value, str):
        raise SegmentError("not_text", place, f"this is {_kind(value)}: write a text")
    if not value.strip():
        raise SegmentError("empty_text", place, "the text is empty: write one, or use is_empty")
    if len(value) > LONGEST_TEXT:
        raise SegmentError("long_text", place, f"a text may be {LONGEST_TEXT} characters long: shorten it")
    if UNSTORABLE.search(value):
        raise SegmentError("bad_text", place, "the text holds a character that no stored text can hold")
    return value


def number(value: object, place: str) -> Decimal:
    """A number, without rounding."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise SegmentError("not_a_number", place, f"this is {_kind(value)}: write a number")
    # Compared first: int has no limit, and of a float there are infinity and none.
    if not -GREATEST_NUMBER <= value <= GREATEST_NUMBER:
        raise SegmentError("not_in_range", place, f"write a number up to {GREATEST_NUMBER:,}")
    return Decimal(str(value))


def listed(value: object, place: str) -> Sequence[Any]:
    """A list that is neither empty nor too long."""
    if not isinstance(value, list):
        raise SegmentError("not_a_list", place, f"this is {_kind(value)}: write a list, […]")
    if not value:
        raise SegmentError("empty_list", place, "the list is empty: write at least one thing into it")
    if len(value) > MOST_VALUES:
        raise SegmentError("long_list", place, f"a list may hold {MOST_VALUES:,} things: shorten it")
    return value


def _kind(value: object) -> str:
    kinds = {bool: "true or false", str: "a text", list: "a list", dict: "an object", type(None): "null"}
    return kinds.get(type(value), "a number")
