"""An id for each web request: in every line that is logged meanwhile, and in the answer, so that one finds the other."""

from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bound_contextvars

HEADER = "X-Request-ID"


def with_request_id(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware. The id is always made here: one that a stranger sends could be another's."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request_id = uuid4().hex
        with bound_contextvars(request=request_id):
            response = get_response(request)
        response.headers[HEADER] = request_id
        return response

    return middleware
