"""The links of a compiled edition: which are tracked, and each expression resolved for where it stands."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

from mailer.issues.builder.content import EditionLink
from mailer.issues.builder.placeholders import Placeholders

# Text has no bare "<" here, so that this finds tags only, those in Outlook's conditional comments too.
_TAG = re.compile(r'<[a-zA-Z](?:[^<>"]|"[^"]*")*>')
_ADDRESS = re.compile(r'(\s(?:href|src|background)=")([^"]*)"')
_ANCHOR_TO = re.compile(r'<a(?=\s)(?:[^"]|"[^"]*")*?\shref="([^"]*)"', re.IGNORECASE)
_CLICK_TRACKING = re.compile(r'\sclicktracking="[^"]*"', re.IGNORECASE)
_NOT_TRACKED = re.compile(r'\sclicktracking="off"', re.IGNORECASE)
_SCHEMES = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class Anchor:
    """The start tag of a link: where it begins and ends in the HTML, and the address."""

    start: int
    end: int
    url: str


def tracked_links(compiled: str, placeholders: Placeholders) -> tuple[EditionLink, ...]:
    """Return the http and https links of compiled HTML whose slots are not filled yet, top to bottom.

    Links with clicktracking="off" and links that are nothing but a tag are left out: SendGrid rewrites
    neither of them. Merge tags in an address are named as editors write them.
    """
    collector = _Collector(placeholders)
    collector.feed(compiled)
    collector.close()
    return tuple(
        EditionLink(
            placeholders.plain_url(url), story_id, placeholders.plain(" ".join(label.split())), position
        )
        for position, (url, story_id, label) in enumerate(collector.found, start=1)
    )


def tracked_anchors(finished: str) -> Iterator[Anchor]:
    """Yield the anchors of the tracked links of an edition's HTML, in the order in which SendGrid counts them."""
    for tag in _TAG.finditer(finished):
        anchor = _ANCHOR_TO.match(tag.group())
        if anchor and anchor[1].lower().startswith(_SCHEMES) and not _NOT_TRACKED.search(tag.group()):
            yield Anchor(tag.start(), tag.end(), html.unescape(anchor[1]))


def fill_slots(compiled: str, placeholders: Placeholders) -> str:
    """Return the HTML with its slots filled."""
    return placeholders.pattern("b").sub(lambda found: placeholders.slot_at(int(found[1])).html, compiled)


def resolve_html(filled: str, placeholders: Placeholders) -> str:
    """Return the HTML with every expression resolved: in addresses for URLs, elsewhere for HTML.

    An anchor to one of the recipient's own links is marked as not to be tracked, whoever wrote it: a click there is
    between the recipient and us, and whoever follows a tracked link learns its token.
    """

    def address(found: re.Match[str]) -> str:
        return f'{found[1]}{placeholders.in_html_url(found[2])}"'

    def resolved(tag: re.Match[str]) -> str:
        source = tag.group()
        anchor = _ANCHOR_TO.match(source)
        if anchor and placeholders.whole_link(anchor[1]):
            source = _ANCHOR_TO.sub(r'\g<0> clicktracking="off"', _CLICK_TRACKING.sub("", source))
        return _ADDRESS.sub(address, source)

    return placeholders.in_html(_TAG.sub(resolved, filled))


class _Collector(HTMLParser):
    def __init__(self, placeholders: Placeholders, story_id: int | None = None) -> None:
        super().__init__()
        self.found: list[tuple[str, int | None, str]] = []
        self._placeholders = placeholders
        self._story_id = story_id
        self._inside: tuple[str, int | None] | None = None
        self._label: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "img" and self._inside is not None:
            self._label.append(attributes.get("alt") or "")
        if tag != "a" or (attributes.get("clicktracking") or "").lower() == "off":
            return
        url, story_id = attributes.get("href") or "", self._story_id
        slot = self._placeholders.pattern("b").fullmatch(url)
        if slot:
            content = self._placeholders.slot_at(int(slot[1]))
            url, story_id = html.unescape(content.html), content.story_id
        if url.lower().startswith(_SCHEMES):
            self._inside, self._label = (url, story_id), []

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._inside is not None:
            self.found.append((*self._inside, "".join(self._label)))
            self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside is not None:
            self._label.append(data)
            return
        for slot in self._placeholders.pattern("b").finditer(data):
            content = self._placeholders.slot_at(int(slot[1]))
            inner = _Collector(self._placeholders, content.story_id)
            inner.feed(content.html)
            inner.close()
            self.found += inner.found
