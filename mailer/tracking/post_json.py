"""The JSON of a post: read as PostgreSQL can store it, and as much of it as can be read."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

DEEPEST = 32
"""Levels of a value inside an event; SendGrid's own have two."""
MOST_GAPS = 100
"""How often reading goes on behind something that cannot be read."""
_BEGIN = re.compile(r"\s*\[")
_BETWEEN = re.compile(r"[\s,]*")
_AGAIN = re.compile(r"\}\s*,\s*(?=\{)")
_WITH_ODD_CHARACTERS = json.JSONDecoder(
    strict=False, parse_int=lambda digits: int(digits) if len(digits) < 19 else float(digits)
)


class BadPost(Exception):
    """The post is no JSON array; nothing of it can be kept."""

    code = "bad_post"


@dataclass(frozen=True)
class Contents:
    """The items of a post, and what is no JSON, piece by piece."""

    items: list[Any]
    unreadable: tuple[str, ...] = ()


def read_array(body: bytes) -> Contents:
    """Read a post.

    orjson and PostgreSQL each refuse a whole post for one odd character in it (half a surrogate pair, a byte
    that is no UTF-8, NUL, NaN); such a post takes the slow way and loses only that character. One that is broken
    further on, or breaks off, loses what is broken.

    Raises:
        BadPost: it is no array, or nothing in it can be read.
    """
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _read_slowly(body.decode("utf-8-sig", "replace"))
    if not isinstance(parsed, list):
        raise BadPost("The post is JSON, but not an array of events.")
    return Contents(_clean(parsed, DEEPEST + 2) if b"\\u0000" in body else parsed)


def written(item: Any) -> tuple[Any, str]:
    """The item and its JSON. orjson reads more levels than it writes; what lies too deep is left out."""
    try:
        return item, orjson.dumps(item).decode()
    except orjson.JSONEncodeError:
        shallow = _clean(item, DEEPEST + 1)
        return shallow, orjson.dumps(shallow).decode()


def _read_slowly(text: str) -> Contents:
    begin = _BEGIN.match(text)
    if begin is None:
        raise BadPost("The post is not JSON, or not an array of events.")
    items: list[Any] = []
    unreadable = []
    for item, rest in _pieces(text, begin.end()):
        if rest:
            unreadable.append(_clean(rest, 1))
        else:
            items.append(_clean(item, DEEPEST + 1))
    if not items:
        raise BadPost("The post is not JSON.")
    return Contents(items, tuple(unreadable))


def _pieces(text: str, at: int) -> Iterator[tuple[Any, str]]:
    """Each item from a place on, with ""; or None, with what cannot be read before the next item."""
    gaps = 0
    while (at := _skip(text, at)) < len(text) and text[at] != "]":
        try:
            item, at = _WITH_ODD_CHARACTERS.raw_decode(text, at)
            yield item, ""
        except (ValueError, RecursionError):
            gaps += 1
            again = _AGAIN.search(text, at) if gaps <= MOST_GAPS else None
            end = again.end() if again else len(text)
            yield None, text[at:end]
            at = end


def _skip(text: str, at: int) -> int:
    between = _BETWEEN.match(text, at)
    return between.end() if between else at


def _clean(value: Any, levels: int) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if not isinstance(value, list | dict):
        return value
    if levels == 0:
        return None
    if isinstance(value, list):
        return [_clean(item, levels - 1) for item in value]
    return {_clean(key, 0): _clean(item, levels - 1) for key, item in value.items()}
