"""What stands in place of a page that failed."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views import defaults

AGAIN_AFTER = 30
"""Seconds after which a browser may ask again."""


def failed(request: HttpRequest) -> HttpResponse:
    """503 where the database was away, in words and without asking it for anything; else Django's 500."""
    if isinstance(sys.exception(), (OperationalError, InterfaceError)):
        page = render_to_string("503.html")
        return HttpResponse(page, status=503, headers={"Retry-After": str(AGAIN_AFTER)})
    return defaults.server_error(request)
