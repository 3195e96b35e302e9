"""Words for a rule's sentence."""

from collections.abc import Iterable, Sequence
from datetime import date

from subscribers.cleaning.values import country_names

MOST_NAMED = 12
"""Values that a sentence names; of more it says how many."""


def either(words: Sequence[str], last: str = "or") -> str:
    """a, b or c."""
    if len(words) > MOST_NAMED:
        words = [*words[: MOST_NAMED - 1], f"{len(words) - MOST_NAMED + 1:,} more"]
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def quoted(texts: Iterable[str]) -> list[str]:
    """Each between quotation marks, on one line."""
    return [f"“{' '.join(text.split())}”" for text in texts]


def counted(number: int, noun: str) -> str:
    """4 issues, 1 day."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def day(value: date) -> str:
    """31 March 2026."""
    return f"{value.day} {value:%B %Y}"


def country(code: str) -> str:
    """The English name of a country by its two letters."""
    return country_names().get(code, code)
