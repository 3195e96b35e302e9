"""What holds for every page of one's own account: no browser keeps it, and where Redis is away it says so."""

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from redis.exceptions import RedisError

from mailer.staff.accounts.context import ACCOUNT

log = structlog.get_logger()
AGAIN_AFTER = 30
"""Seconds after which a browser may ask again."""


def with_own_pages(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: recovery codes and the like are gone from the browser once somebody has signed out."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.path.startswith(ACCOUNT):
            add_never_cache_headers(response)
        return response

    answer.process_exception = _unavailable  # type: ignore[attr-defined]  # where Django looks for it
    return answer


def _unavailable(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """A page in place of an error: tries are counted in Redis, and nobody signs in uncounted."""
    if not (request.path.startswith(ACCOUNT) and isinstance(error, RedisError)):
        return None
    log.error("sign_in_unavailable", error=type(error).__name__)
    response: HttpResponse = render(request, "account/unavailable.html", status=503)
    response["Retry-After"] = str(AGAIN_AFTER)
    return response
