"""Which links of a message click tracking would rewrite."""

import html
import re
from functools import lru_cache

_ANCHOR = re.compile(r"<a\s[^>]*>", re.IGNORECASE)
_HREF = re.compile(r'\shref="(https?://[^"]*)"', re.IGNORECASE)
_OFF = re.compile(r"""\sclicktracking=["']?off\b""", re.IGNORECASE)


@lru_cache(maxsize=16)  # a thousand requests in a row carry the same HTML
def tracked_links(source: str) -> tuple[str, ...]:
    """The addresses SendGrid tracks in an HTML body, in order, as they stand between the quotes.

    Only anchors whose address stands literally as href="http(s)://…" count, and none that carry
    clicktracking=off. An address that begins with a substitution is therefore not among them; one with a
    substitution inside is.
    """
    found = []
    for anchor in _ANCHOR.finditer(source):
        tag = anchor.group()
        address = _HREF.search(tag)
        if address and not _OFF.search(tag):
            found.append(address.group(1))
    return tuple(found)


def plain_address(attribute: str) -> str:
    """The address an attribute's text stands for (`&amp;` becomes `&`), as a click event names it."""
    return html.unescape(attribute)
