"""A quick yes for the requests that newsletters are made of.

A thousand personalizations with one recipient each are tested column by column, in C, which takes a fifth of
the time of the loop in personalizations.py. A yes here means that the loop would find nothing; anything
unusual, wrong or not, is left to the loop, which alone names errors.

The values tested come from JSON: dict, list, str, int, float, bool or None. That `item["to"]` works proves an
item to be a dict, and dict.values() of anything else is a TypeError: every type is checked on the way.
"""

import re
from itertools import chain
from operator import itemgetter
from typing import Any

import orjson

from mailer.emulator import limits

_OTHER_KEYS = ("substitutions", "custom_args", "headers")
_NOT_ORDINARY = re.compile(r"[;,\r\n]")
_HEADER_NAME = re.compile(r"[!-9;-~]+")

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]++"
_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}+(?<!-)"
# Lines of what limits.ADDRESS takes, in possessive terms: nothing is tried twice.
ADDRESS_LINES = re.compile(rf"(?:{_ATOM}(?:\.{_ATOM})*+@(?:{_LABEL}\.)++{_LABEL}\n)*+")
# In JSON a character takes six bytes at most (\u001f), an entry's quotes, colon and comma another six.
_CHARACTER_BYTES = 6
_ENTRY_BYTES = 6


def plain_addresses(items: list[Any], shared_args: dict[str, Any]) -> list[str] | None:
    """The recipients' addresses in lower case when these personalizations are certainly in order, else None.

    `items` are 1 to 1,000; `shared_args` are the message's own custom_args, checked already; its subject must
    be given.
    """
    try:
        people_of = list(map(itemgetter("to"), items))
        others = [_column(key, items) for key in _OTHER_KEYS]
        if len(items) + sum(map(len, others)) != sum(map(len, items)):
            return None  # some have keys beside these
        if set(map(len, people_of)) != {1}:
            return None
        addresses = _addresses(list(chain.from_iterable(people_of)))
        substitutions, custom_args, headers = others
        fine = (
            addresses is not None
            and _substitutions_fit(substitutions)
            and _custom_args_fit(custom_args, shared_args)
            and _headers_fit(headers)
        )
        return addresses if fine else None
    except (TypeError, KeyError):
        return None  # a value of the wrong type or none: the loop finds it


def _column(key: str, items: list[dict[str, Any]]) -> list[Any]:
    """What those of `items` that have `key` have there."""
    try:
        return list(map(itemgetter(key), items))
    except KeyError:
        return [item[key] for item in items if key in item]


def _addresses(people: list[dict[str, Any]]) -> list[str] | None:
    """The addresses of `{"email", "name"}` objects, in lower case, when nothing is wrong with any, else None."""
    emails = list(map(itemgetter("email"), people))
    names = _column("name", people)
    if len(emails) + len(names) != sum(map(len, people)) or _NOT_ORDINARY.search("".join(names)):
        return None
    lines = "\n".join(emails)
    # As many lines as addresses: none of them holds a line break.
    if lines.count("\n") != len(emails) - 1 or not ADDRESS_LINES.fullmatch(lines + "\n"):
        return None
    addresses = lines.lower().split("\n")
    if max(map(len, addresses)) > limits.ADDRESS_CHARACTERS or len(set(addresses)) != len(addresses):
        return None
    return addresses


def _json_fits(column: list[dict[str, str]], most: int) -> bool:
    """Whether the JSON of each takes at most `most` bytes. Raises TypeError when a value is no string."""
    values = max(map(len, map("".join, map(dict.values, column))))
    names = max(map(len, map("".join, column)))
    entries = max(map(len, column))
    if _CHARACTER_BYTES * (values + names) + _ENTRY_BYTES * entries + 2 <= most:
        return True
    return max(map(len, map(orjson.dumps, column))) <= most


def _substitutions_fit(column: list[dict[str, str]]) -> bool:
    if not column:
        return True
    return (
        _json_fits(column, limits.SUBSTITUTION_BYTES) and max(map(len, column)) <= limits.SUBSTITUTION_ITEMS
    )


def _custom_args_fit(column: list[dict[str, str]], shared: dict[str, str]) -> bool:
    if not column:
        return True
    # Merged they take no more than both; a request that only fits where one replaces the other goes to the loop.
    return all(column) and _json_fits(column, limits.CUSTOM_ARGS_BYTES - len(orjson.dumps(shared)))


def _headers_fit(column: list[dict[str, str]]) -> bool:
    if not column:
        return True
    values = list(chain.from_iterable(map(dict.values, column)))
    text = "".join(values)
    if not all(column) or not all(values) or "\r" in text or "\n" in text:
        return False
    return all(map(_names_fit, set(map(tuple, column))))


def _names_fit(names: tuple[str, ...]) -> bool:
    lower = [name.lower() for name in names]
    return (
        len(set(lower)) == len(lower)
        and limits.RESERVED_HEADERS.isdisjoint(lower)
        and all(map(_HEADER_NAME.fullmatch, names))  # not `lower`: the Kelvin sign becomes a k
    )
