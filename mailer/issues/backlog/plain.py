"""Text from outside as plain text: no markup, no Markdown, no merge tags, no more than so much of it."""

import re
from html import unescape

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*+)[^<>]*+>")
_BLOCKS = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
    }
    | {
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    }
)
_UNSEEN = frozenset({"script", "style", "template", "noscript", "iframe", "svg", "math", "head", "title"})
# Of both directions, of formatting, and those that are no characters: they change how what stands beside them reads.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_SPECIAL = re.compile(r"[\\`*_\[\]<>~]|&(?=#?\w+;)")
_BEGINS_BLOCK = re.compile(r"^(?:([-+=#])(?=[-+=#\s]|$)|(\d{1,9})([.)])(?=\s|$))")
_OPENS_TAG = re.compile(r"\{(?=[{%])|[%}](?=\})")
MOST_HTML = 20_000
"""Characters of HTML that are looked at; more says nothing new in a summary."""


def one_line(text: str, longest: int) -> str:
    """Text in one line, in which `{{` opens no merge tag; cut between words, with "…"."""
    words = " ".join(_CONTROL.sub("", text).split())
    return shortened(_OPENS_TAG.sub(r"\g<0> ", words), longest)


def shortened(text: str, longest: int) -> str:
    """No more than so many characters: cut between words, with "…"."""
    if len(text) <= longest:
        return text
    start = text[: longest - 1]
    space = start.rfind(" ")
    return f"{start[:space] if space > longest // 2 else start}…".replace(" …", "…")


def paragraphs_of(html: str) -> list[str]:
    """The text of HTML, or text that holds none, by paragraphs.

    It is no parser, because parsers take minutes for markup that was made to be hard: it only has to let nothing through
    that is seen as markup, and what it misses is shown as it stands.
    """
    lines, at, hidden = [""], 0, ""
    html = _without_comments(html[:MOST_HTML])
    for tag in _TAG.finditer(html):
        if not hidden:
            lines[-1] += html[at : tag.start()]
        at = tag.end()
        closes, name = tag[1] == "/", tag[2].lower()
        if hidden:
            hidden = "" if closes and name == hidden else hidden
        elif name in _UNSEEN and not closes:
            hidden = name
        elif name in _BLOCKS:
            lines.append("")
    if not hidden:
        lines[-1] += html[at:]
    texts = (" ".join(_CONTROL.sub("", unescape(line)).split()) for line in lines)
    return [text for text in texts if text]


def _without_comments(html: str) -> str:
    kept, at = [], 0
    while (start := html.find("<!--", at)) >= 0:
        kept.append(html[at:start])
        end = html.find("-->", start + 4)
        if end < 0:
            return "".join(kept)
        at = end + 3
    return "".join([*kept, html[at:]])


def markdown_of(paragraphs: list[str], longest: int) -> str:
    """Markdown that reads as these paragraphs, letter by letter, up to so many characters of text."""
    kept: list[str] = []
    left = longest
    for paragraph in paragraphs:
        text = one_line(paragraph, left)
        if not text:
            continue
        kept.append(_escaped(text))
        left -= len(text)
        if left < 40 or text.endswith("…"):
            break
    return "\n\n".join(kept)


def _escaped(line: str) -> str:
    """A line of text, as Markdown. CommonMark 2.4: a backslash before a sign makes it a sign."""
    escaped = _SPECIAL.sub(r"\\\g<0>", line)
    return _BEGINS_BLOCK.sub(
        lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", escaped
    )
