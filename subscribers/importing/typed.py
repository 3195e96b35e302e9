"""Values of attributes as the types that a mapping asks for. What cannot be read as its type is None."""

import json
import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from subscribers.text import one_line

TYPES = ("text", "number", "date", "yes_no", "list")
MOST_ITEMS = 100
"""Of a list."""
LONGEST_ITEM = 200
"""Characters."""
_YES = frozenset(("yes", "y", "true", "t", "1", "on", "x", "ja", "oui", "sí", "si", "是"))
_NO = frozenset(("no", "n", "false", "f", "0", "off", "nein", "non", "否"))
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?", re.ASCII)
_SEPARATORS = re.compile(r"[;,|；，、]")
_DATE = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[T ].*)?", re.ASCII)
EARLIEST = 1970
"""No list of e-mail addresses is older; what is, are the zeros of some programs."""


def read(kind: str, typed: str) -> Any:
    """The value as JSON has it: a text, a number, a date as YYYY-MM-DD, true or false, a list of texts.

    Args:
        kind: one of TYPES.
        typed: not empty, one line.
    Returns: None where it cannot be read.
    """
    match kind:
        case "number":
            return number(typed)
        case "date":
            return day(typed)
        case "yes_no":
            word = typed.casefold()
            return True if word in _YES else False if word in _NO else None
        case "list":
            return items(typed)
    return typed


def number(typed: str) -> int | float | None:
    """`1,234.5` is 1234.5; a comma alone before other than three digits is not guessed at."""
    if _GROUPED.fullmatch(typed):
        typed = typed.replace(",", "")
    if not _PLAIN_NUMBER.fullmatch(typed):
        return None
    return float(typed) if "." in typed else int(typed)


def day(typed: str) -> str | None:
    """The date that begins with its year (ISO 8601; slashes and dots too), as YYYY-MM-DD. 3/4/2024 is not guessed at."""
    found = _DATE.fullmatch(typed)
    try:
        return date(*map(int, found.groups())).isoformat() if found else None
    except ValueError:
        return None


def items(typed: str) -> list[str]:
    """The parts of `"VIP", "Blog"`, each once."""
    parts = (part.strip().strip('"').strip()[:LONGEST_ITEM] for part in _SEPARATORS.split(typed))
    return list(dict.fromkeys(part for part in parts if part))[:MOST_ITEMS]


@lru_cache(maxsize=4096)
def moment(typed: str) -> str:
    """A date and time (ISO 8601 or as `2015-03-16 14:40:47`; without a zone it counts as UTC) as UTC.

    Returns: "" for what cannot be read, lies in the future or before EARLIEST.
    """
    written = typed.strip().replace("/", "-")
    if written.endswith(" UTC"):
        written = written[:-4]
    try:
        read_at = datetime.fromisoformat(written)
        at = read_at.replace(tzinfo=UTC) if read_at.tzinfo is None else read_at.astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    if at.year < EARLIEST or at > datetime.now(UTC):
        return ""
    return at.isoformat()


def json_object(typed: str) -> dict[str, Any] | None:
    """The keys and values of an object, as listmonk writes attributes; what is deeper in it is kept as its text."""
    try:
        found = json.loads(typed, parse_constant=lambda _: None)
        return {key: _simple(value) for key, value in found.items()} if isinstance(found, dict) else None
    except (ValueError, RecursionError):
        return None


def _simple(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if abs(value) < 1e15 else str(value)  # neither infinity nor none is less
    if isinstance(value, list) and all(isinstance(each, str | int | float) for each in value):
        return [one_line(str(each))[:LONGEST_ITEM] for each in value][:MOST_ITEMS]
    return one_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
