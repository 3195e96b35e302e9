"""What a mail program shows of an HTML body before it is opened, and the body made ready for a frame."""

import html
import re

LENGTH = 140
# Enough to get past a preheader and its padding; a whole body for each row of a list would be slow.
_LOOKED_AT = 12_000
_BODY = re.compile(r"<body[^>]*>", re.IGNORECASE)
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
_HIDDEN_CODE = re.compile(
    r"<!--.*?(?:-->|\Z)|<(style|script|title)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL
)
_HIDDEN_TEXT = re.compile(
    r"""<(div|span|p)\b[^>]*style\s*=\s*["'][^"']*display\s*:\s*none[^>]*>(.*?)</\1\s*>""",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(r"<[^>]*(?:>|\Z)")
# Characters without width, with which preheaders are padded so that the body does not show behind them.
_PADDING = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u2000-\u200f\u202a-\u202e\u2060-\u2064\u3164\ufeff]"
)
_NEW_WINDOW = '<base target="_blank">'


def _plain(fragment: str) -> str:
    text = html.unescape(_TAG.sub(" ", fragment))
    return " ".join(_PADDING.sub(" ", text).split())


def preview_text(source: str | None, text: str | None) -> str:
    """The first words of a message as a list of mails shows them, from the HTML or else from the text."""
    if source is None:
        return " ".join((text or "").split())[:LENGTH]
    body = _BODY.search(source)
    start = body.end() if body else 0
    return _plain(_HIDDEN_CODE.sub(" ", source[start : start + _LOOKED_AT]))[:LENGTH]


def preheader(source: str | None) -> str | None:
    """The hidden text at the head of an HTML body that is meant for the list of mails, or None."""
    if source is None:
        return None
    body = _BODY.search(source)
    start = body.end() if body else 0
    hidden = _HIDDEN_TEXT.search(_HIDDEN_CODE.sub(" ", source[start : start + _LOOKED_AT]))
    return (_plain(hidden.group(2)) or None) if hidden else None


def framed(source: str) -> str:
    """The body with its links opening beside the inbox instead of inside the frame; nothing else changed."""
    head = _HEAD.search(source)
    if head is None:
        return source
    return source[: head.end()] + _NEW_WINDOW + source[head.end() :]
