"""Text that somebody typed, made fit to be stored and shown."""

import re

INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters that are not white space, invisible ones that stand for nothing, and those that turn the
direction of what follows. Joiners stay: emoji and several scripts need them."""


def one_line(text: str) -> str:
    """The text without control characters, each run of white space a single space, none at the ends."""
    return " ".join(INVISIBLE.sub("", text).split())


def lines(text: str) -> str:
    """The text without control characters, line by line, no more than one empty line together, none at the ends."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(map(one_line, text.splitlines()))).strip()
