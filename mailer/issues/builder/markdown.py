"""Markdown of editors, turned into HTML with inline styles (mail programs drop style sheets) and into text.

Raw HTML is off in the parser, and what comes out is sanitised again by an allow-list.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mailer.issues.builder.content import LINK_SCHEMES

_ALLOWED: dict[str, set[str]] = {
    "a": {"href", "title", "style", "class"},
    "blockquote": {"style", "class"},
    "br": set(),
    "code": {"style", "class"},
    "em": set(),
    "h3": {"style", "class"},
    "hr": {"style", "class"},
    "li": {"style"},
    "ol": {"style", "start"},
    "p": {"style"},
    "pre": set(),
    "s": set(),
    "strong": set(),
    "ul": {"style"},
}


@dataclass(frozen=True, slots=True)
class MarkdownStyle:
    """What the inline styles need to know of the theme."""

    link_colour: str
    right_to_left: bool


@dataclass(frozen=True, slots=True)
class MarkdownLink:
    """A link or image as it stands in a Markdown text, with its line counted from 1."""

    url: str
    label: str
    line: int
    image: bool = False


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    parser.enable("strikethrough")
    # A refused scheme would stay as text with brackets; it is reported to the editor instead (fields.py).
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    return parser


_MARKDOWN = _parser()


def parse_markdown(source: str) -> list[Token]:
    """Return the token stream of a Markdown text."""
    return _MARKDOWN.parse(source)


def links_of(tokens: Sequence[Token]) -> Iterator[MarkdownLink]:
    """Yield the links and images of a token stream in their order."""
    for block in tokens:
        line = block.map[0] + 1 if block.map else 1
        children = block.children or []
        for at, child in enumerate(children):
            if child.type in {"softbreak", "hardbreak"}:
                line += 1
            elif child.type == "image":
                yield MarkdownLink(str(child.attrGet("src") or ""), child.content, line, image=True)
            elif child.type == "link_open":
                yield MarkdownLink(str(child.attrGet("href") or ""), _label(children[at + 1 :]), line)


def change_links(tokens: Sequence[Token], change: Callable[[str], str]) -> None:
    """Give every link the address that `change` makes of its own. The text part asks what it was: an address that is
    its own label is written once."""
    for block in tokens:
        for child in block.children or []:
            if child.type == "link_open":
                written = str(child.attrGet("href") or "")
                child.attrSet("href", change(written))
                child.meta["written"] = written


def _label(tokens: Sequence[Token]) -> str:
    label: list[str] = []
    for token in tokens:
        if token.type == "link_close":
            break
        label.append(" " if token.type in {"softbreak", "hardbreak"} else token.content)
    return "".join(label)


def html_of(tokens: Sequence[Token], style: MarkdownStyle) -> str:
    """Return the tokens as sanitised HTML with inline styles; the tokens are changed on the way."""
    side = "right" if style.right_to_left else "left"
    styles = {
        "p": "margin:0 0 14px",
        "ul": f"margin:0 0 14px;padding-{side}:22px",
        "ol": f"margin:0 0 14px;padding-{side}:24px",
        "li": "margin:0 0 6px",
        "h3": "margin:0 0 8px;font-size:1.1em;line-height:1.4",
        "blockquote": f"margin:0 0 14px;padding:2px 14px 0;border-{side}:3px solid {style.link_colour}",
        "hr": "margin:20px 0;border:0;border-top:1px solid #d9dce1",
    }
    for token in tokens:
        if token.tag in {"h1", "h2", "h4", "h5", "h6"}:
            token.tag = "h3"
        if (token.nesting == 1 and token.tag in styles) or token.type == "hr":
            token.attrSet("style", styles[token.tag])
        if token.type in {"fence", "code_block"}:
            token.attrs = {
                "style": "font-family:Menlo,Consolas,monospace;font-size:14px;white-space:pre-wrap"
            }
        for child in token.children or []:
            if child.type == "link_open":
                child.attrSet("style", f"color:{style.link_colour}")
                child.attrSet("class", "link")
            elif child.type == "code_inline":
                child.attrSet("style", "font-family:Menlo,Consolas,monospace;font-size:.92em")
    rendered = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return nh3.clean(
        rendered,
        tags=set(_ALLOWED),
        attributes=_ALLOWED,
        url_schemes=set(LINK_SCHEMES),
        link_rel=None,
        strip_comments=True,
    ).strip()
