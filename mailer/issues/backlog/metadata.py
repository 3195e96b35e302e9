"""What a page says of itself: Open Graph, Twitter's cards, JSON-LD, and HTML's own title and description.

A page is not parsed, because parsers of HTML take minutes for what was made to be hard for them: the tags that count are
looked for, each by itself, and only so many of them.
"""

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

from mailer.issues.backlog.links import canonical, joined
from mailer.issues.backlog.plain import one_line

LONGEST_TITLE, LONGEST_DESCRIPTION, LONGEST_ALT, LONGEST_SITE = 300, 600, 300, 100
MOST_TAGS = 500
LONGEST_TAG = 6_000
LONGEST_JSON = 100_000
LONGEST_TEXT = 4_000
"""Characters of a title or heading, with the tags in it, that are looked at."""
_TAG = re.compile(r"<(meta|link|title|script|base|h1)(?=[\s>/])", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-zA-Z_:][\w:.-]{0,40})\s*+=\s*+("[^"]*"|'[^']*'|[^\s"'>]+)""")
_END = re.compile(r"""(?:[^>"']|"[^"]*"|'[^']*')*+>""")
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ENCODINGS = frozenset(
    {"cp874", "cp932", "cp949", "gb18030", "big5hkscs", "euc_jp", "iso2022_jp", "koi8-r", "koi8-u"}
)
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "tis-620": "cp874",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
}
"""Encodings that browsers take for a larger one which holds them: WHATWG Encoding 4.2."""
_FEEDS = ("application/rss+xml", "application/atom+xml")


@dataclass(frozen=True)
class Metadata:
    """Plain text, "" where the page says nothing; addresses are whole. `feeds` are those that it names."""

    title: str
    description: str
    site: str
    image: str
    image_alt: str
    url: str
    feeds: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Tag:
    name: str
    attributes: Mapping[str, str]
    text: str


def metadata_of(body: bytes, charset: str | None, url: str) -> Metadata:
    """Read what a page says of itself.

    Args:
        body: HTML, perhaps only its beginning.
        charset: as the Content-Type header says.
        url: where it was found.
    """
    tags = list(_tags(_decoded(body, charset)))
    said = _said(tags)
    data = _json_ld(tags)
    links = [tag.attributes for tag in tags if tag.name == "link"]
    base = next(
        (tag.attributes["href"] for tag in tags if tag.name == "base" and "href" in tag.attributes), ""
    )
    base = joined(url, base) or url

    def first(*names: str) -> str:
        return next((said[name] for name in names if said.get(name, "").strip()), "")

    title = first("og:title", "twitter:title") or _text(data, "headline", "name") or first("title", "h1")
    site = one_line(first("og:site_name", "application-name"), LONGEST_SITE)
    image = first("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src")
    return Metadata(
        title=_without_site(one_line(title, LONGEST_TITLE), site),
        description=one_line(
            first("og:description", "twitter:description", "description") or _text(data, "description"),
            LONGEST_DESCRIPTION,
        ),
        site=site,
        image=joined(base, image or _image(data) or _linked(links, "image_src")) or "",
        image_alt=one_line(first("og:image:alt", "twitter:image:alt"), LONGEST_ALT),
        url=canonical(url, _linked(links, "canonical") or first("og:url") or None),
        feeds=tuple(dict.fromkeys(_feeds(links, base))),
    )


def _decoded(body: bytes, charset: str | None) -> str:
    """As browsers do: a byte order mark, the header, the page itself; then UTF-8 or else Windows' Latin."""
    marked = next((name for mark, name in _MARKS if body.startswith(mark)), None)
    named = _META_CHARSET.search(body[:4096])
    for name in (marked, charset, named[1].decode("ascii", "replace") if named else None):
        codec = _codec(name) if name else None
        if codec:
            return body.decode(codec, "replace")
    text = body.decode("utf-8", "replace")
    # Some that do not fit are the cut at the end, or a slip; many are another encoding.
    return text if text.count("\ufffd") < 10 else body.decode("cp1252", "replace")


def _codec(name: str) -> str | None:
    """Python's name of an encoding that web pages have. Some take long for some bytes, and are none of those."""
    try:
        found = codecs.lookup(name.strip()).name
    except (LookupError, ValueError):
        return None
    found = _MEANT.get(found, found)
    return (
        found if found.startswith(("cp125", "iso8859-", "utf-8", "utf-16")) or found in _ENCODINGS else None
    )


def _tags(html: str) -> Iterator[_Tag]:
    """The tags that count, in order. What stands in a comment is taken too: it is text of the page's own."""
    for number, start in enumerate(_TAG.finditer(html)):
        if number == MOST_TAGS:
            return
        name = start[1].lower()
        rest = html[start.end() : start.end() + LONGEST_TAG]
        end = _END.match(rest)
        inside = rest[: end.end()] if end else rest.partition(">")[0]
        attributes = attributes_of(inside)
        text = ""
        if name in ("title", "script", "h1"):
            begin = start.end() + len(inside)
            closing = html.find(f"</{start[1]}", begin, begin + LONGEST_JSON)
            text = html[begin:closing] if closing >= 0 else ""
        yield _Tag(name, attributes, text)


def attributes_of(tag: str) -> dict[str, str]:
    """The attributes in a tag by name, the first of each; `tag` is what stands behind its name."""
    return {
        found[1].lower(): unescape(found[2].strip("\"'" if found[2][0] in "\"'" else ""))
        for found in reversed(list(_ATTRIBUTE.finditer(tag[:LONGEST_TAG])))
    }


def _said(tags: list[_Tag]) -> dict[str, str]:
    """By property or name, the first of each."""
    said: dict[str, str] = {}
    for tag in tags:
        if tag.name == "meta" and "content" in tag.attributes:
            name = tag.attributes.get("property") or tag.attributes.get("name") or ""
            said.setdefault(name.strip().lower(), tag.attributes["content"])
        elif tag.name in ("title", "h1") and tag.name not in said:
            said[tag.name] = unescape(re.sub(r"<[^<>]*>", " ", tag.text[:LONGEST_TEXT]))
    return said


def _linked(links: list[Mapping[str, str]], relation: str) -> str:
    return next(
        (each.get("href", "") for each in links if relation in each.get("rel", "").lower().split()), ""
    )


def _feeds(links: list[Mapping[str, str]], base: str) -> Iterator[str]:
    for each in links:
        if "alternate" in each.get("rel", "").lower().split() and each.get("type", "").lower() in _FEEDS:
            address = joined(base, each.get("href", ""))
            if address:
                yield address


def _json_ld(tags: list[_Tag]) -> dict[str, Any]:
    """The first thing with a headline, an article most likely (schema.org)."""
    for tag in tags:
        if tag.attributes.get("type", "").lower() != "application/ld+json":
            continue
        try:
            found = json.loads(tag.text)
        except (ValueError, RecursionError):
            continue
        things = found if isinstance(found, list) else [found]
        graphs = [
            thing["@graph"]
            for thing in things
            if isinstance(thing, dict) and isinstance(thing.get("@graph"), list)
        ]
        for thing in (*things, *(each for graph in graphs for each in graph)):
            if isinstance(thing, dict) and isinstance(thing.get("headline"), str):
                return thing
    return {}


def _text(data: Mapping[str, Any], *names: str) -> str:
    return next((data[name] for name in names if isinstance(data.get(name), str) and data[name].strip()), "")


def _image(data: Mapping[str, Any]) -> str:
    image = data.get("image")
    image = image[0] if isinstance(image, list) and image else image
    image = image.get("url") if isinstance(image, dict) else image
    return image if isinstance(image, str) else ""


def _without_site(title: str, site: str) -> str:
    """Many titles end with the name of their site, which says nothing in a newsletter."""
    for mark in (" | ", " - ", " – ", " — ", " · ", " :: "):
        if site and title.endswith(f"{mark}{site}") and len(title) > len(mark) + len(site):
            return title.removesuffix(f"{mark}{site}").strip()
    return title
