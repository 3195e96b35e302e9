"""Values of recipients and editors, cleaned and escaped for the place where they will stand."""

import datetime
import html
import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from mailer.issues.builder.content import Context

# A line break in a subject would start a new header; in the HTML it would only be a space anyway.
_LINE_BREAKS_AND_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Bidirectional overrides turn the text that follows around; lone surrogates are not encodable.
_INVISIBLE_HARM = re.compile("[\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_CONTROLS_BUT_LINE_BREAKS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

_SPECIAL_IN_HTML = re.compile("[&<>\"']").search


def one_line(value: Any) -> str:
    """Return the value as one line of text without control characters; "" for what is not text or a number."""
    if value.__class__ is not str:
        value = _as_text(value)
    # isprintable() is the cheap way to know that neither pattern can match.
    if not value.isprintable():
        value = _INVISIBLE_HARM.sub("", _LINE_BREAKS_AND_CONTROLS.sub(" ", value))
    return str(value.strip())


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return ""
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return ""


def many_lines(text: str) -> str:
    """Return an editor's text with line breaks as `\\n` and without characters that XML and UTF-8 refuse."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    return text if text.isprintable() else _CONTROLS_BUT_LINE_BREAKS.sub("", text)


def for_html(value: Any) -> str:
    """Return the value for HTML text and for quoted attributes."""
    text = one_line(value)
    return html.escape(text, quote=True) if _SPECIAL_IN_HTML(text) else text


def for_url(value: Any) -> str:
    """Return the value percent-encoded (RFC 3986, unreserved characters only) for the inside of a URL."""
    return quote(one_line(value), safe="")


ESCAPES: dict[Context, Callable[[Any], str]] = {
    "html": for_html,
    "text": one_line,
    "subject": one_line,
    "url": for_url,
}
