"""JSON that a page sends."""

import json
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest


class NotUnderstood(Exception):
    """A request that no page of ours sends; the message says what is wrong with it."""

    code = "not_understood"


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The JSON object that was sent.

    Raises:
        NotUnderstood: there is none, or it is too large.
    """
    try:
        body = json.loads(request.body)
    except RequestDataTooBig as error:
        raise NotUnderstood("This is too large to be sent at once: shorten it.") from error
    except (ValueError, RecursionError) as error:  # no JSON, no UTF-8, or numbers and brackets without end
        raise NotUnderstood("What was sent is no JSON that can be read: reload the page.") from error
    if not isinstance(body, dict):
        raise NotUnderstood("What was sent is no JSON object: reload the page.")
    return body


def text_in(body: dict[str, Any], name: str) -> str:
    """A text that was sent; "" for none, and for anything else."""
    value = body.get(name)
    return value if isinstance(value, str) else ""
