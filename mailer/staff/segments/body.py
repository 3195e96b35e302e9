"""JSON that a page sends."""

import json
from typing import Any

from django.http import HttpRequest


class BadBody(Exception):
    """What was sent is no JSON object; the message says why."""


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The JSON object that was sent.

    Raises:
        BadBody: it is none.
    """
    try:
        data = json.loads(request.body)
    except (ValueError, RecursionError) as error:  # no JSON, no UTF-8, or numbers and brackets without end
        raise BadBody("What was sent is no JSON that can be read.") from error
    if not isinstance(data, dict):
        raise BadBody("What was sent is no JSON object.")
    return data


def text_in(data: dict[str, Any], key: str) -> str:
    """A text that was sent; "" for none, and for anything else."""
    value = data.get(key)
    return value if isinstance(value, str) else ""
