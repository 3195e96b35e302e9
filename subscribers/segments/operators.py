"""The comparisons of a condition, by the type of what they compare."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal, Protocol

from subscribers.segments.english import counted, day, either, quoted
from subscribers.segments.errors import SegmentError
from subscribers.segments.predicate import Query
from subscribers.segments.reading import MOST_DAYS, Part


class Test(Protocol):
    """One comparison, with what it compares to."""

    @property
    def op(self) -> str:
        """The key by which it is known."""

    def sql(self, value: str, query: Query) -> str:
        """Whether it holds for an SQL expression of its type that may be NULL. NULL in, NULL or a boolean out."""

    def says(self, name: str, negated: bool) -> str:
        """In English, about something of this name: age is at least 18."""


def is_or_not(negated: bool) -> str:
    return "is not" if negated else "is"


_NOT = {
    "contains": "does not contain",
    "starts_with": "does not start with",
    "ends_with": "does not end with",
}


@dataclass(frozen=True)
class TextTest:
    """Text against texts, whatever their case."""

    op: str
    values: tuple[str, ...] = ()

    def sql(self, value: str, query: Query) -> str:
        if self.op in ("is_empty", "is_not_empty"):
            return f"{value} {'=' if self.op == 'is_empty' else '<>'} ''"
        # lower() on both sides, so that the database alone says what the case of a letter is.
        texts = [f"lower({query.add(text)}::text)" for text in self.values]
        match self.op:
            case "is" | "is_any_of":
                return f"lower({value}) IN ({', '.join(texts)})"
            case "is_not" | "is_none_of":
                return f"lower({value}) NOT IN ({', '.join(texts)})"
            case "contains":
                return f"strpos(lower({value}), {texts[0]}) > 0"
            case "starts_with":
                return f"starts_with(lower({value}), {texts[0]})"
        return f"right(lower({value}), length({texts[0]})) = {texts[0]}"

    def says(self, name: str, negated: bool) -> str:
        if self.op in ("is_empty", "is_not_empty"):
            return f"{name} {is_or_not(negated != (self.op == 'is_not_empty'))} empty"
        if self.op in ("is", "is_any_of", "is_not", "is_none_of"):
            verb = is_or_not(negated != (self.op in ("is_not", "is_none_of")))
        else:
            verb = _NOT[self.op] if negated else self.op.replace("_", " ")
        return f"{name} {verb} {either(quoted(self.values))}"


@dataclass(frozen=True)
class NumberTest:
    """A number against one or two."""

    op: str
    values: tuple[Decimal, ...]

    def sql(self, value: str, query: Query) -> str:
        numbers = [f"{query.add(number)}::numeric" for number in self.values]
        signs = {
            "is": "=",
            "is_not": "<>",
            "at_least": ">=",
            "at_most": "<=",
            "less_than": "<",
            "more_than": ">",
        }
        if self.op == "between":
            return f"{value} BETWEEN {numbers[0]} AND {numbers[1]}"
        return f"{value} {signs[self.op]} {numbers[0]}"

    def says(self, name: str, negated: bool) -> str:
        verb = is_or_not(negated != (self.op == "is_not"))
        words = {"is": "", "is_not": "", "less_than": "less than", "more_than": "more than"}
        how = words.get(self.op, self.op.replace("_", " "))
        numbers = " and ".join(f"{number:f}" for number in self.values)
        return " ".join(filter(None, (name, verb, how, numbers)))


@dataclass(frozen=True)
class DateTest:
    """A day against one, or against the days up to today."""

    op: str
    day: date | None = None
    days: int = 0

    def sql(self, value: str, query: Query) -> str:
        """The value is a text that begins with a day as 2026-03-31: as such days sort by their letters, nothing can
        fail on one that is no day of the calendar."""
        return self._within(f'left({value}, 10) COLLATE "C"', query, str)

    def sql_of_moment(self, value: str, query: Query) -> str:
        """The value is a timestamptz; its day is that in UTC."""
        return self._within(value, query, lambda each: datetime.combine(each, time(), UTC))

    def says(self, name: str, negated: bool) -> str:
        if self.day:
            return f"{name} {is_or_not(negated)} {self.when()}"
        return f"{name} {is_or_not(self.is_negated(negated))} {self.when()}"

    def when(self) -> str:
        """before 31 March 2026; in the last 30 days, also where those are the ones it is not in."""
        return f"{self.op} {day(self.day)}" if self.day else f"in the last {counted(self.days, 'day')}"

    def is_negated(self, negated: bool) -> bool:
        """Whether its sentence says not, where what is said of it is negated or is not."""
        return negated != (self.op == "not_in_last_days")

    def _within(self, value: str, query: Query, bound: Callable[[date], object]) -> str:
        first, after = self._days(query.today)
        parts = [f"{value} >= {query.add(bound(first))}"] if first else []
        parts += [f"{value} < {query.add(bound(after))}"] if after else []
        return f"{'NOT ' if self.op == 'not_in_last_days' else ''}({' AND '.join(parts)})"

    def _days(self, today: date) -> tuple[date | None, date | None]:
        """The first day that it means, and the first one after them."""
        one = timedelta(days=1)
        if self.day is None:
            return today - timedelta(days=self.days), today + one
        spans = {
            "before": (None, self.day),
            "after": (self.day + one, None),
            "on": (self.day, self.day + one),
        }
        return spans[self.op]


@dataclass(frozen=True)
class YesNoTest:
    """Yes or no."""

    op: str
    value: bool

    def sql(self, value: str, query: Query) -> str:
        return value if self.value else f"NOT {value}"

    def says(self, name: str, negated: bool) -> str:
        return f"{name} {is_or_not(negated)} {'yes' if self.value else 'no'}"


@dataclass(frozen=True)
class ListTest:
    """A list of texts against texts, whatever their case. The value is jsonb, and a list."""

    op: str
    values: tuple[str, ...]

    def sql(self, value: str, query: Query) -> str:
        texts = ", ".join(f"lower({query.add(text)}::text)" for text in self.values)
        # In JSON as text nothing but letters has a case: \\n and \\u001f are written in small letters already.
        small = f"lower(({value})::text)::jsonb"
        function = "jsonb_exists_all" if self.op == "has_all_of" else "jsonb_exists_any"
        found = f"{function}({small}, ARRAY[{texts}])"
        return f"NOT {found}" if self.op == "has_none_of" else found

    def says(self, name: str, negated: bool) -> str:
        verb = "does not have" if negated != (self.op == "has_none_of") else "has"
        how = "all of " if self.op == "has_all_of" and len(self.values) > 1 else ""
        return f"{name} {verb} {how}{either(quoted(self.values), 'and' if how else 'or')}"


@dataclass(frozen=True)
class EmptyTest:
    """Whether there is a value at all, of whatever type."""

    op: str
    empty: bool

    def sql(self, value: str, query: Query) -> str:
        return value if self.empty else f"NOT {value}"

    def says(self, name: str, negated: bool) -> str:
        return f"{name} {is_or_not(negated == self.empty)} empty"


Type = Literal["text", "number", "date", "yes_no", "list"]
TYPES: tuple[Type, ...] = ("text", "number", "date", "yes_no", "list")

_Reader = Callable[[Part, str], Test]


def _text(part: Part, op: str) -> Test:
    if op == "is_empty":
        return TextTest("is_empty" if part.yes_no(op) else "is_not_empty")
    return TextTest(op, part.texts(op) if op in ("is_any_of", "is_none_of") else (part.text(op),))


def _between(part: Part, op: str) -> Test:
    low, high = part.numbers(op, 2)
    if low > high:
        raise SegmentError("wrong_order", part.at(op), "the first number is the greater one: turn them round")
    return NumberTest(op, (low, high))


OPERATORS: dict[Type, dict[str, _Reader]] = {
    "text": dict.fromkeys(
        ("is", "is_any_of", "is_not", "is_none_of", "contains", "starts_with", "ends_with", "is_empty"), _text
    ),
    "number": {
        **dict.fromkeys(
            ("is", "is_not", "at_least", "at_most", "less_than", "more_than"),
            lambda part, op: NumberTest(op, (part.number(op),)),
        ),
        "between": _between,
    },
    "date": {
        **dict.fromkeys(("before", "after", "on"), lambda part, op: DateTest(op, part.day(op))),
        **dict.fromkeys(
            ("in_last_days", "not_in_last_days"),
            lambda part, op: DateTest(op, days=part.whole(op, MOST_DAYS)),
        ),
    },
    "yes_no": {"is": lambda part, op: YesNoTest(op, part.yes_no(op))},
    "list": dict.fromkeys(
        ("has_any_of", "has_all_of", "has_none_of"), lambda part, op: ListTest(op, part.texts(op))
    ),
}


def read_test(part: Part, of: Type, *, only: Sequence[str] = (), plus: Sequence[str] = ()) -> Test:
    """Read the one comparison of a condition.

    Args:
        only: of the type's comparisons, if not all are to be had.
        plus: "is_empty", for types that have none of their own.
    """
    readers = {op: read for op, read in OPERATORS[of].items() if not only or op in only}
    if "is_empty" in plus:
        readers["is_empty"] = lambda part, op: EmptyTest(op, part.yes_no(op))
    found = part.one_of(readers)
    if len(found) != 1:
        had = f"“{'” and “'.join(found)}” cannot stand together" if found else "there is no comparison"
        code = "two_comparisons" if found else "no_comparison"
        raise SegmentError(code, part.place, f"{had}: write one of {', '.join(readers)}")
    return readers[found[0]](part, found[0])
