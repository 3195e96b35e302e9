"""The Content-Security-Policy of every answer that has none of its own.

No script runs that is not a file of this site. The pages of the staff site evaluate expressions in attributes (Alpine,
which django-unfold ships), so there, and only there, 'unsafe-eval' is allowed; what people wrote never stands in one.
Styles may be inline: mail is made of them, and previews show it.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

_COMMON = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' https: data: blob:; font-src 'self' data:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'none'; script-src 'self'"
)
STAFF = f"{_COMMON} 'unsafe-eval'"
STAFF_WITH_ANY_PICTURE = STAFF.replace("img-src 'self' https:", "img-src 'self' https: http:")
"""Of a page that shows a mail as it was sent, whose pictures may come from anywhere."""
WITH_ALPINE = ("/staff/", "/account/")


ACCOUNT = "/account/"
SELF_ONLY = "form-action 'self'"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def with_content_policy(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware that adds the header."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        policy = STAFF if request.path.startswith(WITH_ALPINE) else _COMMON
        if request.path.startswith(ACCOUNT) and settings.ENVIRONMENT.oidc_server:
            # Browsers ask the policy of the page also where a form leads on to: to whom people sign in with.
            policy = policy.replace(SELF_ONLY, f"{SELF_ONLY} {_origin(settings.ENVIRONMENT.oidc_server)}")
        response.headers.setdefault("Content-Security-Policy", policy)
        return response

    return answer
