"""No address has a NUL character in it: PostgreSQL takes none in a text, and a page that asked for one would fail."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBadRequest
from django.http.response import HttpResponseBase

REFUSED = "There is a NUL character (%00) in this address.\n"


def without_nul(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware that answers such an address with 400."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if "%00" in request.get_full_path():
            return HttpResponseBadRequest(REFUSED, content_type="text/plain")
        return get_response(request)

    return answer
