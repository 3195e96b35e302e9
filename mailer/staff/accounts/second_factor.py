"""Where STAFF_SECOND_FACTOR says so, the staff site takes nobody who has neither an authenticator app nor a passkey."""

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponseForbidden
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from mailer.staff.audit import record

STAFF = "/staff/"
OPEN = ("/staff/login/", "/staff/logout/", "/staff/jsi18n/")
FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
"""Recovery codes are none: they stand in for one that is lost."""
FIRST = "Set up an authenticator app or a passkey first: this site asks for one beside the password."


def has_second_factor(user: object) -> bool:
    """Whether somebody has set one up."""
    return bool(is_mfa_enabled(user, FACTORS))


@transaction.atomic
def remove_second_factor(user: User, *, by: User | None) -> bool:
    """Take all of them from somebody who lost theirs, recovery codes too: the password alone lets them in.

    Args:
        by: who does it; None: somebody at the command line.
    Returns: False when they had none.
    """
    removed, _ = Authenticator.objects.filter(user=user).delete()
    if removed:
        where = "" if by else " at the command line"
        record(by or user, user, f"Removed the second factor{where}: the password alone is enough.")
    return bool(removed)


def with_second_factor(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware that leads whoever has none to where it is set up; what they post is refused."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if not _lacks_it(request):
            return get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseForbidden(FIRST, content_type="text/plain; charset=utf-8")
        messages.warning(request, FIRST)
        return redirect("mfa_index")

    return answer


def _lacks_it(request: HttpRequest) -> bool:
    return bool(
        settings.ENVIRONMENT.staff_second_factor
        and request.path.startswith(STAFF)
        and request.path not in OPEN
        and request.user.is_authenticated
        and not has_second_factor(request.user)
    )
