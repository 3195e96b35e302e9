"""The columns of an export: what each is called, and what stands in its cells."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
from django.db.backends.utils import CursorWrapper

from subscribers.exporting.errors import CannotExport
from subscribers.exporting.scope import Scope
from subscribers.models import GRAVEST_FIRST, Topic

ATTRIBUTES = "attributes"
"""Stands for a column for each key: attributes.KEY, or attributes.KEY:TYPE where it is not a text."""
SEPARATOR = "; "
"""Between the topics of a cell, and the parts of a list."""
_GRAVEST_FIRST = ", ".join(f"'{reason.value}'" for reason in GRAVEST_FIRST)

# By name, in the order in which they stand: the expression. Those of a subscription need a list.
OF_PERSON = {
    "email": "subscriber.email",
    "first_name": "subscriber.first_name",
    "last_name": "subscriber.last_name",
    "language": "subscriber.language",
    "time_zone": "subscriber.time_zone",
    "country": "subscriber.country",
    "topics": "subscriber.topic_ids",
    ATTRIBUTES: "subscriber.attributes",
}
OF_SUBSCRIPTION = {
    "subscription.state": "subscription.state",
    "subscription.cadence": "subscription.cadence",
    "subscription.paused_until": "subscription.paused_until",
    "subscription.source": "subscription.source",
    "subscription.since": "subscription.created_at",
    "subscription.changed_at": "subscription.changed_at",
}
OF_RECORD = {
    "suppressed_for": f"""(
        SELECT suppression.reason FROM subscribers_suppression suppression
        WHERE suppression.address = lower(subscriber.email)
        ORDER BY array_position(ARRAY[{_GRAVEST_FIRST}], suppression.reason::text) LIMIT 1
    )""",
    "known_since": "subscriber.created_at",
}
EXPRESSIONS = {**OF_PERSON, **OF_SUBSCRIPTION, **OF_RECORD}

Cells = Callable[[Any], list[str]]


@dataclass(frozen=True)
class Column:
    """One expression of the query, the names that head its cells, and how its value becomes them."""

    expression: str
    names: tuple[str, ...]
    cells: Cells


def columns_of(cursor: CursorWrapper, scope: Scope, names: Sequence[str] = ()) -> list[Column]:
    """The columns of an export, in the order of `names`; all that there are for none.

    Raises:
        CannotExport: one of the names is none, or needs a list that is not named.
    """
    there = [name for name in EXPRESSIONS if scope.mailing_list or name not in OF_SUBSCRIPTION]
    for name in names:
        if name not in EXPRESSIONS:
            raise CannotExport(
                "unknown_column", f"There is no column {name!r}. There are: {', '.join(there)}."
            )
        if name not in there:
            raise CannotExport("column_of_a_list", f"{name} is that of a subscription: name the list too.")
    return [_column(cursor, scope, name) for name in dict.fromkeys(names or there)]


def _column(cursor: CursorWrapper, scope: Scope, name: str) -> Column:
    expression = EXPRESSIONS[name]
    if name == "topics":
        return Column(expression, (name,), _topics())
    if name != ATTRIBUTES:
        return Column(expression, (name,), lambda value: [_text(value)])
    kinds = _kinds(cursor, scope)
    keys = list(kinds)

    def cells(value: Any) -> list[str]:
        held = orjson.loads(value) if isinstance(value, str) else value
        return [_text(held.get(key)) for key in keys]

    return Column(expression, tuple(f"attributes.{key}{kind}" for key, kind in kinds.items()), cells)


def _topics() -> Cells:
    slugs = dict(Topic.objects.values_list("id", "slug"))
    known: dict[tuple[int, ...], list[str]] = {}

    def cells(value: list[int]) -> list[str]:
        numbers = tuple(value)
        if numbers not in known:
            known[numbers] = [SEPARATOR.join(slugs[number] for number in numbers if number in slugs)]
        return known[numbers]

    return cells


_TYPES = {"number": ":number", "boolean": ":yes_no", "array": ":list", "string": ""}


def _kinds(cursor: CursorWrapper, scope: Scope) -> dict[str, str]:
    """The keys of the people's attributes, in alphabetical order, with the type of all their values; "" for text, and
    where people differ."""
    people, values = scope.people()
    cursor.execute(
        f"""
        SELECT pair.key, array_agg(DISTINCT jsonb_typeof(pair.value))
        FROM (SELECT subscriber.attributes {people} AND subscriber.attributes <> '{{}}') AS person,
            jsonb_each(person.attributes) AS pair
        WHERE jsonb_typeof(pair.value) <> 'null'
        GROUP BY 1 ORDER BY 1
        """,
        values,
    )
    return {key: _TYPES.get(kinds[0], "") if len(kinds) == 1 else "" for key, kinds in cursor.fetchall()}


def _text(value: Any) -> str:
    """A value as a cell has it, and an import reads it."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{Decimal(str(value)):f}"  # no 1e-05, which an import does not read
        case datetime() | date():
            return value.isoformat()
        case list() if not any(isinstance(part, list | dict) for part in value):
            return SEPARATOR.join(map(_text, value))
        case list() | dict():
            return orjson.dumps(value).decode()
    return str(value)
