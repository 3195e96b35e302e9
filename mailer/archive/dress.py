"""A mail as a web page: its own HTML, with a frame around it and without what is for its reader alone.

The mail stands in the page itself and not in a frame of the browser's. A sandboxed one is as high as it is told to be,
which nobody knows without a script, so the reader would scroll in a window within a window; and search, printing,
a browser's reading view, links to a story and search engines would find an empty page. What a sandbox is for holds all
the same: the builder escapes and cleans what people wrote, and under the page's policy no script runs, no form leads
elsewhere and nothing is framed (pages.py).
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import escape

from mailer.archive.neutral import for_nobody
from mailer.archive.words import PageWords
from mailer.issues.builder.content import Edition, MergeTag
from mailer.issues.builder.words import Words, words_for

_ATTRIBUTES = r'(?:[^<>"]|"[^"]*")*'
_BODY = re.compile(rf"<body\b{_ATTRIBUTES}>", re.IGNORECASE)
_PREVIEW = re.compile(rf'(<body\b{_ATTRIBUTES}>)\s*<div style="display:none[^"]*">[^<]*</div>', re.IGNORECASE)
_TITLE = re.compile(r"<title>[^<]*</title>", re.IGNORECASE)
_BODY_ENDS = re.compile(r"</body\s*>(?![\s\S]*</body)", re.IGNORECASE)
_CLICK_TRACKING = re.compile(r'\sclicktracking="[^"]*"', re.IGNORECASE)
_HEADING = re.compile(rf"<(h[1-6])(\s{_ATTRIBUTES})?>([\s\S]*?)</\1>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_SEPARATOR = r"\s*(?:&#183;|&middot;|·)\s*"


@dataclass(frozen=True)
class Links:
    """Where a recipient's own links lead on the web. `sign_up` is "" where nobody can sign up."""

    sign_up: str
    archive: str
    own: str


@dataclass(frozen=True)
class Frame:
    """What stands around a mail, as HTML: in its head, above and below."""

    head: str
    above: str
    below: str


def dress(
    source: str,
    tags: Sequence[Mapping[str, Any]],
    stories: Sequence[Mapping[str, Any]],
    *,
    language: str,
    words: PageWords,
    links: Links,
    frame: Frame,
) -> str:
    """The whole page.

    Args:
        source: the mail as the builder made it, with the keys of its merge tags.
        tags, stories: as a web edition keeps them.
        language: of the mail, BCP 47.
        words: of the page, in place of the mail's own "Unsubscribe" and "Preferences".
    """
    merge_tags = tuple(MergeTag(**tag) for tag in tags)
    page = _PREVIEW.sub(r"\1", source, count=1)
    page = _without_own_links(page, merge_tags, words_for(language), words, links)
    edition = Edition((), language, "", "", page, "", merge_tags, ())
    own = {"unsubscribe": links.sign_up or links.archive, "preferences": links.archive, "view": links.own}
    page = _CLICK_TRACKING.sub("", for_nobody(edition, own).html)
    return _framed(_with_places(page, stories), frame)


def _without_own_links(
    page: str, tags: Sequence[MergeTag], mail: Words, words: PageWords, links: Links
) -> str:
    """What a theme offers its reader, turned to what it offers anybody. Links that editors wrote keep their words."""
    changes = {
        "links.unsubscribe": (mail.unsubscribe, words.subscribe if links.sign_up else ""),
        "links.preferences": (mail.preferences, words.all_issues),
        "links.view": (mail.view, ""),
    }
    for tag in tags:
        if tag.context == "html" and tag.expression in changes:
            written, instead = changes[tag.expression]
            anchor = rf'(<a(?=\s){_ATTRIBUTES}\shref="{tag.key}"{_ATTRIBUTES}>)'
            whole = rf"{anchor}\s*{re.escape(html.escape(written))}\s*</a>"
            if instead:
                page = re.sub(whole, rf"\g<1>{escape(instead)}</a>", page)
            else:
                page = re.sub(rf"{_SEPARATOR}{whole}", "", page)
                page = re.sub(rf"{whole}(?:{_SEPARATOR})?", "", page)
    before, _, after = mail.because.partition("{newsletter}")
    because = rf">\s*{re.escape(str(escape(before)))}[^<>]*{re.escape(str(escape(after)))}\s*<"
    return re.sub(because, "><", page)


def _with_places(page: str, stories: Sequence[Mapping[str, Any]]) -> str:
    """The page with an id at the headline of each story, so that a link can lead to it."""
    waiting = list(stories)

    def place(found: re.Match[str]) -> str:
        name, attributes, inner = found[1], found[2] or "", found[3]
        said = " ".join(html.unescape(_TAG.sub("", inner)).split())
        at = next(
            (at for at, story in enumerate(waiting) if " ".join(story["headline"].split()) == said), None
        )
        if at is None or re.search(r"\sid=", attributes, re.IGNORECASE):
            return found[0]
        number = waiting[at]["number"]
        del waiting[: at + 1]
        return f'<{name} id="story-{int(number)}"{attributes}>{inner}</{name}>'

    return _HEADING.sub(place, page)


def _framed(page: str, frame: Frame) -> str:
    page = _TITLE.sub(lambda _: frame.head, page, count=1)
    page = _BODY.sub(lambda body: f'{body[0]}{frame.above}<main id="issue">', page, count=1)
    return _BODY_ENDS.sub(lambda end: f"</main>{frame.below}{end[0]}", page, count=1)
