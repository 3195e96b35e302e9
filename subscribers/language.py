"""The language in which a page or a letter speaks to one person, and dates as that language writes them."""

from contextlib import AbstractContextManager
from datetime import date

from django.utils import translation
from django.utils.formats import date_format

SPOKEN = {"en": "en-gb", "de": "de", "fr": "fr", "es": "es", "zh-Hans": "zh-hans"}
"""What the pages and letters are written in: BCP 47, and Django's name for it. The first is that of the source."""
NAMES = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español", "zh-Hans": "简体中文"}
"""Each in its own words, for somebody who reads no other."""

_TRADITIONAL = {"hant", "tw", "hk", "mo"}


def spoken(*wishes: str) -> str:
    """The language to speak: a key of SPOKEN.

    Args:
        wishes: BCP 47 tags, the most wanted first: the person's, then the newsletter's. "" is no wish.
    Returns: the first of them that is spoken, with or without its region; English where none is.
    """
    return next((found for wish in wishes if (found := _spoken(wish))), "en")


def speaking(language: str) -> AbstractContextManager[None]:
    """Within it texts and dates come out in a language, a key of SPOKEN."""
    return translation.override(SPOKEN[language])


def written(day: date) -> str:
    """A date in the language spoken now, written out: "1 March 2027", "1er mars 2027"."""
    now = translation.get_language()
    # Django abbreviates the month for Britain, and has no ordinal for the first in French.
    text = date_format(day, "j F Y" if now == SPOKEN["en"] else "DATE_FORMAT")
    return f"1er{text.removeprefix('1')}" if now == "fr" and day.day == 1 else text


def _spoken(tag: str) -> str | None:
    primary, *subtags = tag.lower().replace("_", "-").split("-")
    if primary == "zh":
        return None if _TRADITIONAL & set(subtags) else "zh-Hans"
    return primary if primary in SPOKEN else None
