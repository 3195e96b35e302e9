"""What a feed says: its name and its entries, as plain text."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import feedparser
import structlog

from mailer.issues.backlog.links import joined
from mailer.issues.backlog.metadata import attributes_of
from mailer.issues.backlog.plain import MOST_HTML, markdown_of, one_line, paragraphs_of
from mailer.issues.fetching import Fetched

log = structlog.get_logger()

MOST_ENTRIES = 200
"""Of a feed that are looked at, the newest ones."""
_PICTURE = re.compile(r"<img\s([^<>]*+)>", re.IGNORECASE)
LONGEST_HEADLINE, LONGEST_SUMMARY, LONGEST_TITLE = 300, 800, 300


@dataclass(frozen=True)
class Entry:
    """`key` is the SHA-256 of what the feed calls it; the rest is ready to be a story. `image` is a whole address."""

    key: str
    headline: str
    body: str
    link: str
    image: str
    image_alt: str


@dataclass(frozen=True)
class Parsed:
    """`entries` are in the feed's order, which is the newest first unless their dates say otherwise."""

    title: str
    entries: tuple[Entry, ...]


def parse(found: Fetched) -> Parsed | None:
    """Read a feed; None where it is none.

    Args:
        found: as it was fetched.
    """
    # Given a text, the parser would fetch it or open a file of that name; a stream it only reads. What is HTML in it is
    # made plain by us, so that the parser's own cleaning, which is not as strict, is left out.
    headers = {"content-type": found.headers.get("content-type", ""), "content-location": found.url}
    try:
        read = feedparser.parse(
            io.BytesIO(found.body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as error:  # what bytes that are no feed make it raise is of many kinds
        log.info("feed_not_parsed", error=type(error).__name__)
        return None
    if not read.get("version"):
        return None
    entries = sorted(read.entries[: 5 * MOST_ENTRIES], key=_age, reverse=True)[:MOST_ENTRIES]
    made = (_entry(entry, found.url) for entry in entries)
    return Parsed(_line(read.feed.get("title"), LONGEST_TITLE), tuple(each for each in made if each.headline))


def _age(entry: Any) -> tuple[int, ...]:
    """By which entries are sorted; those without a date keep the feed's order, behind the others."""
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    return tuple(moment[:6]) if moment else ()


def _entry(entry: Any, base: str) -> Entry:
    link = joined(base, _text(entry.get("link"))) or ""
    summary = _text(entry.get("summary"))
    content = next((_text(each.get("value")) for each in entry.get("content", [])), "")
    headline = _line(entry.get("title"), LONGEST_HEADLINE)
    called = _text(entry.get("id")) or link or f"{headline}\n{summary}"
    image, alt = next(_pictures(entry, base), ("", ""))
    return Entry(
        key=sha256(called.encode("utf-8", "replace")).hexdigest(),
        headline=headline,
        body=markdown_of(paragraphs_of(summary or content), LONGEST_SUMMARY),
        link=link,
        image=image,
        image_alt=one_line(alt, 300),
    )


def _pictures(entry: Any, base: str) -> Iterator[tuple[str, str]]:
    """The pictures of an entry: addresses and alt texts, the best first."""
    for each in entry.get("media_content", []):
        if each.get("medium") == "image" or _text(each.get("type")).startswith("image/"):
            yield from _address(base, each.get("url"), "")
    for each in entry.get("enclosures", []):
        if _text(each.get("type")).startswith("image/"):
            yield from _address(base, each.get("href"), "")
    for each in entry.get("media_thumbnail", []):
        yield from _address(base, each.get("url"), "")
    for html in (*(each.get("value") for each in entry.get("content", [])), entry.get("summary")):
        for tag in list(_PICTURE.finditer(_text(html)[:MOST_HTML]))[:3]:
            attributes = attributes_of(tag[1])
            yield from _address(base, attributes.get("src"), attributes.get("alt", ""))


def _address(base: str, url: Any, alt: str) -> Iterator[tuple[str, str]]:
    address = joined(base, _text(url)) if url else None
    if address:
        yield address, alt


def _line(value: Any, longest: int) -> str:
    return one_line(" ".join(paragraphs_of(_text(value))), longest)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
