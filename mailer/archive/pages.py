"""An answer of the archive: for everybody, kept by caches for a while, and asked for again only when it changed."""

from datetime import datetime
from hashlib import sha256

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

KEPT = 300
"""Seconds: how late a correction may be seen."""
POLICY = (
    "default-src 'none'; style-src 'self'{styles}; img-src 'self' https: http: data:; "
    "form-action 'self'{form}; base-uri 'none'; frame-ancestors 'none'"
)
"""No script runs, whatever an issue holds. Its pictures come from anywhere, and its styles stand in it."""


def policy(*, mail: bool = False, form_leads_to: str = "") -> str:
    """The Content-Security-Policy of a page.

    Args:
        mail: whether it shows a mail, which is made of styles.
        form_leads_to: the origin that the sign-up form ends at, where it is another: browsers hold a redirect to
            form-action too.
    """
    return POLICY.format(
        styles=" 'unsafe-inline'" if mail else "", form=f" {form_leads_to}" if form_leads_to else ""
    )


def answer(
    request: HttpRequest,
    body: str,
    *,
    changed: datetime | None = None,
    content_type: str = "text/html; charset=utf-8",
    content_policy: str = "default-src 'none'; frame-ancestors 'none'",
    indexed: bool = True,
) -> HttpResponseBase:
    """What a GET or HEAD gets: the body, or 304 where the browser has it already.

    Args:
        changed: when the issues on it last did; None where there are none.
        content_policy: see policy; what is no page needs none.
        indexed: whether search engines may list it.
    """
    response = _headed(HttpResponse(body, content_type=content_type), content_policy, indexed)
    etag = f'"{sha256(response.content).hexdigest()[:32]}"'
    response["ETag"] = etag
    response["Cache-Control"] = f"public, max-age={KEPT}"
    seconds = int(changed.timestamp()) if changed else None
    if seconds is not None:
        response["Last-Modified"] = http_date(seconds)
    return get_conditional_response(request, etag=etag, last_modified=seconds, response=response) or response


def not_there(body: str, *, content_policy: str) -> HttpResponse:
    """The answer where there is no such page. No cache keeps it: an issue may go out the next minute."""
    response = _headed(HttpResponse(body, status=404), content_policy, indexed=False)
    response["Cache-Control"] = "no-store"
    return response


def _headed(response: HttpResponse, content_policy: str, indexed: bool) -> HttpResponse:
    response["Content-Security-Policy"] = content_policy
    response["Referrer-Policy"] = "strict-origin-when-cross-origin"
    response["X-Robots-Tag"] = "all" if indexed else "noindex"
    return response
