"""What a form shows of a condition: its field, the operators of that field, and what is entered. All of it is data.

Each kind of condition says beside its reader which faces it has, so a form that is made from `describing.describe` shows
every kind there is, also those of packages above. A face writes what its reader reads: keys of a JSON object, each at a
path, since some stand in an object of their own.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from subscribers.segments.operators import OPERATORS, Type
from subscribers.segments.reading import MOST_DAYS

Path = tuple[str, ...]
"""Where a value stands in the JSON of a condition: ("score", "at_least")."""
Set = tuple[Path, Any]
"""A value that is written as it is, without being entered."""
Lists = Collection[int] | None
"""The mailing lists whose people somebody may see; None for everybody in the store."""


@dataclass(frozen=True)
class Choices:
    """Values to choose from, under a name.

    Attributes:
        read: gives the values with their labels, those that concern some mailing lists only.
    """

    name: str
    read: Callable[[Lists], list[tuple[str, str]]]


@dataclass(frozen=True)
class Value:
    """What is entered.

    Attributes:
        kind: "choice" takes nothing but its choices; "text" with choices offers them.
        many: a list of them.
        pair: two numbers, the lower one first.
        suggest: of which values of the people suggestions are made, see suggesting.py.
        most: of a whole number, which is at least 1.
        unit: a word behind it.
    """

    kind: Literal["text", "number", "whole", "day", "choice"]
    many: bool = False
    pair: bool = False
    choices: Choices | None = None
    suggest: str = ""
    most: int = 0
    unit: str = ""


TEXT = Value("text")


@dataclass(frozen=True)
class Operator:
    """One way to compare, with where its value stands and what else it writes."""

    label: str
    path: Path = ()
    value: Value | None = None
    sets: tuple[Set, ...] = ()


@dataclass(frozen=True)
class Detail:
    """What may be asked besides, such as the state of a subscription."""

    label: str
    operators: tuple[Operator, ...]


@dataclass(frozen=True)
class Face:
    """A field as a form shows it.

    Attributes:
        id: a name that stays.
        group: under which it stands.
        sets: what every condition of it holds.
        name: what is entered before the operator: the attribute, the topic that was clicked.
        details: what may be asked besides.
    """

    id: str
    group: str
    label: str
    operators: tuple[Operator, ...]
    sets: tuple[Set, ...] = ()
    name: Operator | None = None
    details: tuple[Detail, ...] = ()


PERSON, ATTRIBUTES, LISTS = "Person", "Attributes", "Lists and topics"
ENGAGEMENT, SEGMENTS = "What they did with issues", "Segments"

_LABELS = {
    "is_any_of": "is any of",
    "is_none_of": "is none of",
    "at_least": "is at least",
    "at_most": "is at most",
    "less_than": "is less than",
    "more_than": "is more than",
    "between": "is between",
    "before": "is before",
    "after": "is after",
    "on": "is on",
    "in_last_days": "is in the last",
    "not_in_last_days": "is not in the last",
}
DAYS = Value("whole", most=MOST_DAYS, unit="days")


def operators_of(
    of: Type,
    *,
    at: Path = (),
    value: Value = TEXT,
    only: Sequence[str] = (),
    empty: bool = False,
    sets: tuple[Set, ...] = (),
) -> tuple[Operator, ...]:
    """The operators of a type.

    Args:
        at: where their keys stand; () for the condition itself.
        value: what is entered with those on text and lists.
        only: of the type's operators, if not all are to be had.
        empty: "is empty" too, for types that have none of their own.
        sets: what each of them writes besides.
    """
    found = [op for op in OPERATORS[of] if not only or op in only]
    if empty and "is_empty" not in found:
        found.append("is_empty")
    return tuple(each for op in found for each in _operators(of, op, (*at, op), value, sets))


def _operators(of: Type, op: str, path: Path, value: Value, sets: tuple[Set, ...]) -> Iterator[Operator]:
    if op == "is_empty" or of == "yes_no":
        words = ("is empty", "is not empty") if op == "is_empty" else ("is yes", "is no")
        for meant, word in zip((True, False), words, strict=True):
            yield Operator(word, sets=(*sets, (path, meant)))
        return
    if of == "number":
        value = Value("number", pair=op == "between")
    elif of == "date":
        value = DAYS if op.endswith("days") else Value("day")
    elif of == "list" or op in ("is_any_of", "is_none_of"):
        value = replace(value, many=True)
    yield Operator(_LABELS.get(op, op.replace("_", " ")), path, value, sets)
