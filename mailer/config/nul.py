"""Addresses with a NUL character: PostgreSQL takes none in a text, so that a page which does not expect one fails."""

from collections.abc import Callable

from django.db import DataError
from django.http import HttpRequest, HttpResponseBadRequest
from django.http.response import HttpResponseBase

REFUSED = "There is a NUL character (%00) in this address.\n"


class NulIsRefused:
    """Middleware that answers 400 where a page failed at one. Pages that answer it in words of their own are left alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """What Django calls with what a view raised."""
        if "%00" in request.get_full_path() and isinstance(exception, (ValueError, DataError)):
            return HttpResponseBadRequest(REFUSED, content_type="text/plain")
        return None
