"""Which links of a message click tracking would rewrite."""

import html
import re
from functools import lru_cache

# The whole of a start tag: ">" may stand in a quoted value.
_ANCHOR = re.compile(r"""<a(?=\s)((?:[^>"']|"[^"]*"|'[^']*')*)>""", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([^\s=>"'/]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""")
_TRACKED = re.compile(r'"https?://[^"]*"', re.IGNORECASE)


@lru_cache(maxsize=16)  # a thousand requests in a row carry the same HTML
def tracked_links(source: str) -> tuple[str, ...]:
    """The addresses SendGrid tracks in an HTML body, in order, as they stand between the quotes.

    Only anchors whose address stands literally as href="http(s)://…" count, and none that carry
    clicktracking=off. An address that begins with a substitution is therefore not among them; one with a
    substitution inside is. The place of an address here, from 0, is what a click's url_offset names.
    """
    found = []
    for anchor in _ANCHOR.finditer(source):
        attributes = {name.lower(): value for name, value in _ATTRIBUTE.findall(anchor[1])}
        address = attributes.get("href", "")
        off = attributes.get("clicktracking", "").strip("\"'").lower() == "off"
        if _TRACKED.fullmatch(address) and not off:
            found.append(address[1:-1])
    return tuple(found)


def plain_address(attribute: str) -> str:
    """The address an attribute's text stands for (`&amp;` becomes `&`), as a click event names it."""
    return html.unescape(attribute)
