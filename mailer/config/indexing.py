"""Whether search engines may list an answer: none that does not say so itself.

Pages of the staff, and those that a link in a mail leads one person to, are found by whoever has their address; the
public archive says of its pages that they are for everybody (X-Robots-Tag: all).
"""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase


def with_noindex(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware that adds the header."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("X-Robots-Tag", "noindex")
        return response

    return answer
