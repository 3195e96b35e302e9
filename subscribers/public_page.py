"""The pages that readers see: in the language and the colours of the newsletter, without session or cookie.

For want of a cookie there is no CSRF token; what a forger would have to know is the token in the link.
A GET or HEAD changes nothing, because mail scanners follow links.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.request import QueryDict
from django.template.loader import render_to_string
from django.views.decorators.csrf import csrf_exempt

from subscribers.brand import Brand, brand_of
from subscribers.language import speaking, spoken
from subscribers.models import MailingList

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'{images}; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY.format(images=""),
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
METHODS = ("GET", "HEAD", "POST")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?")

View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """Have a view answer GET, HEAD and POST without a CSRF token, with the headers of a public page."""

    @csrf_exempt
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method in METHODS:
            response = view(request, *args, **kwargs)
        else:
            response = HttpResponseNotAllowed(METHODS)
        for name, value in HEADERS.items():
            response.setdefault(name, value)
        return response

    return wrapped


def show(
    template: str,
    mailing_list: MailingList | None = None,
    *,
    language: str = "",
    status: int = 200,
    **context: object,
) -> HttpResponse:
    """A page made of `templates/public/<template>.html`.

    Args:
        mailing_list: in whose name the page speaks; None for nobody's, as when a link cannot be read.
        language: the reader's own, BCP 47; where it is not spoken, or "", the newsletter's is taken.
        status: of HTTP.
        context: what the template wants beside `language`, `brand`, `list` and `name`.
    """
    brand = brand_of(mailing_list.pk) if mailing_list else None
    tongue = spoken(language, brand.language if brand else "")
    with speaking(tongue):
        # Without the request: no context processor looks at a session here.
        page = render_to_string(
            f"public/{template}.html",
            {
                "language": tongue,
                "brand": brand,
                "list": mailing_list,
                "name": published_name(mailing_list, brand) if mailing_list else "",
                **context,
            },
        )
    response = HttpResponse(page, status=status)
    if brand and (origin := _ORIGIN.match(brand.logo)):
        response["Content-Security-Policy"] = POLICY.format(images=f" {origin[0]}")
    return response


def published_name(mailing_list: MailingList, brand: Brand | None) -> str:
    """What readers know a list by: the name of what is published to it."""
    return brand.name if brand else mailing_list.name


def form_of(request: HttpRequest) -> QueryDict:
    """The fields of a POST; none of a GET, and none when the body cannot be read, which must not keep anybody
    on a list. Files are not kept: no page asks for one, and nothing limits their size."""
    if request.method != "POST":
        return QueryDict()
    with suppress(AttributeError):  # it was read before
        request.upload_handlers = [_NoFiles(request)]
    try:
        return request.POST
    except (MultiPartParserError, BadRequest, SuspiciousOperation, UnreadablePostError):
        return QueryDict()


class _NoFiles(FileUploadHandler):
    """Has every file passed over, neither in memory nor on the disk."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return None

    def file_complete(self, file_size: int) -> None:
        return None


def partly_hidden(email: str) -> str:
    """An address that its owner knows again and nobody else learns: a•••@example.org."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1] if len(local) > 1 else ''}•••@{domain}"
