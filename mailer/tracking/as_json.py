"""Figures as JSON and back: dataclasses of plain values, dates, tuples and other such dataclasses."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

import orjson

Figures = TypeVar("Figures")


def written(figures: Any, *, indented: bool = False) -> str:
    """Dataclasses of figures as JSON; times are in ISO 8601."""
    return orjson.dumps(figures, option=orjson.OPT_INDENT_2 if indented else 0).decode()


def read(kind: type[Figures], text: str) -> Figures:
    """Dataclasses of figures from their JSON.

    Raises:
        KeyError, TypeError, ValueError: it was not written from this class, or from an earlier form of it.
    """
    reader: Callable[[Any], Figures] = _reader(cast(Any, kind))
    return reader(orjson.loads(text))


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """What makes a value of this type from what JSON has in its place."""
    if kind in (date, datetime):
        return kind.fromisoformat  # type: ignore[no-any-return]
    if get_origin(kind) is tuple:
        one = _reader(get_args(kind)[0])
        return lambda values: tuple(map(one, values))
    if get_origin(kind) is UnionType:
        (other,) = (each for each in get_args(kind) if each is not NoneType)
        some = _reader(other)
        return lambda value: None if value is None else some(value)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        readers = [(field.name, _reader(hints[field.name])) for field in fields(kind)]
        made: Any = kind
        return lambda values: made(**{name: reader(values[name]) for name, reader in readers})
    return lambda value: value
