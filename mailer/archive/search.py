"""Searching the archive: PostgreSQL's full text search; a part of the text for what is written without word breaks.

Words of an alphabet are found by their stem (payment finds payments), "in quotes" as a phrase, after a minus not at
all. PostgreSQL takes a run of Chinese characters for one word, so a word with any is looked for as it stands, anywhere.
"""

import re
from unicodedata import normalize

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from mailer.archive.models import WebEdition
from mailer.archive.searchable import config_of, excerpt
from subscribers.text import one_line

LONGEST = 100
"""Characters of a query. The rest is passed over."""
AROUND = 80
"""Characters that are shown before and after what was found."""
WORD = 20
"""Characters at an end among which a space is looked for, to cut there."""

# Chinese, Japanese, Korean (whose words carry endings); Thai, Lao, Burmese and Khmer.
_WITHOUT_BREAKS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
_MARKS = re.compile(r"[\"“”„«»「」]")


def read_query(text: str) -> str:
    """What somebody typed, as one line; "" where nothing is left."""
    return one_line(normalize("NFC", one_line(text[: 4 * LONGEST])))[:LONGEST].strip()


def matching(editions: QuerySet[WebEdition], query: str, language: str) -> QuerySet[WebEdition]:
    """Those of the editions that hold all that a query asks for.

    Args:
        query: see read_query.
        language: BCP 47, whose rules of words are taken.
    """
    parts, words = _parts(query)
    condition = Q()
    if words:
        wanted = SearchQuery(words, config=config_of(language), search_type="websearch")
        if not any(map(_is_unwanted, words.split())):  # whose stem is not wanted either
            wanted |= SearchQuery(words, config="simple", search_type="websearch")
        condition &= Q(words=wanted)
    for part in parts:
        bare = part.removeprefix("-")
        has = Q(text__icontains=bare) | Q(subject__icontains=bare)
        condition &= ~has if _is_unwanted(part) else has
    return editions.filter(condition) if parts or words else editions.none()


def passage(edition: WebEdition, query: str) -> SafeString:
    """The place in an issue that has what was looked for, as HTML with marks; its beginning where no word stands there
    as it was typed."""
    text = " ".join(edition.text.split())
    parts, words = _parts(query)
    typed = [word for word in (*parts, *_MARKS.sub(" ", words).split()) if not _is_unwanted(word)]
    found = re.compile(
        "|".join(map(re.escape, sorted(typed, key=len, reverse=True))) or r"(?!)", re.IGNORECASE
    )
    first = found.search(text)
    if first is None:
        return escape(edition.description or excerpt(text))
    start, end = max(0, first.start() - AROUND), min(len(text), first.end() + AROUND)
    # No half words, where spaces stand between them.
    if start:
        start = text.find(" ", start, min(start + WORD, first.start())) + 1 or start
    if end < len(text) and (space := text.rfind(" ", max(end - WORD, first.end()), end)) > 0:
        end = space
    shown, last = ["…" if start else ""], start
    for match in found.finditer(text, start, end):
        shown += [escape(text[last : match.start()]), f"<mark>{escape(match[0])}</mark>"]
        last = match.end()
    shown += [escape(text[last:end]), "…" if end < len(text) else ""]
    return mark_safe("".join(shown))  # noqa: S308 - each part is escaped


def _is_unwanted(word: str) -> bool:
    return len(word) > 1 and word.startswith("-")


def _parts(query: str) -> tuple[list[str], str]:
    """The words that are looked for as they stand, and what is left for the full text search."""
    words = query.split()
    parts = [_MARKS.sub("", word) for word in words if _WITHOUT_BREAKS.search(word)]
    return [part for part in parts if part], " ".join(
        word for word in words if not _WITHOUT_BREAKS.search(word)
    )
