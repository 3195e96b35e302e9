"""Signing in and out, and changes to how somebody signs in: written into the audit log.

A failed try is written down with whose account it was about; a name that no account has is not kept, only counted.
"""

from typing import Any

import structlog
from allauth.account import signals as account
from allauth.account.models import EmailAddress
from allauth.mfa import signals as factor
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as provider
from django.contrib.auth import signals as auth
from django.contrib.auth.models import User
from django.db.models import Q
from django.dispatch import Signal
from django.http import HttpRequest

from mailer.staff.audit import record
from subscribers.sign_up.network import UNKNOWN, network_of

log = structlog.get_logger()
HOW = {
    "password": "a password",
    "socialaccount": "OpenID Connect",
    "mfa": "a second factor",
    "password_reset": "a link",
}
FACTORS: dict[str, str] = {
    Authenticator.Type.TOTP: "an authenticator app",
    Authenticator.Type.WEBAUTHN: "a passkey or security key",
    Authenticator.Type.RECOVERY_CODES: "recovery codes",
}


def listen() -> None:
    """Connect with the signals of Django and django-allauth."""
    account.user_logged_in.connect(_signed_in)
    auth.user_login_failed.connect(_failed)
    auth.user_logged_out.connect(_signed_out)
    factor.authentication_failed.connect(_factor_failed)
    said = (
        (account.password_changed, "Changed the password: signed out everywhere else."),
        (account.password_set, "Set a password."),
        (account.password_reset, "Chose a password with a mailed or copied link."),
        (provider.social_account_added, "Connected OpenID Connect."),
        (provider.social_account_removed, "Removed OpenID Connect."),
    )
    for signal, sentence in said:
        _write_down(signal, sentence)
    for signal, act in (
        (factor.authenticator_added, "Set up"),
        (factor.authenticator_removed, "Removed"),
        (factor.authenticator_reset, "Renewed"),
    ):
        _write_down(signal, act)


def _write_down(signal: Signal, said: str) -> None:
    def receive(sender: object, **told: Any) -> None:
        user = told["user"] if "user" in told else _whose(told)
        if made := told.get("authenticator"):
            record(user, user, f"{said} {FACTORS[made.type]}.")
        else:
            record(user, user, said)

    signal.connect(receive, weak=False)


def _whose(told: dict[str, Any]) -> User:
    """The user of a signal about OpenID Connect."""
    user: User = (told.get("socialaccount") or told["sociallogin"]).user
    return user


def _signed_in(sender: object, request: HttpRequest, user: User, **told: Any) -> None:
    methods = request.session.get("account_authentication_methods", [])
    how = dict.fromkeys(HOW.get(method.get("method", ""), "") for method in methods)
    said = " and ".join(each for each in how if each)
    record(user, user, f"Signed in{f' with {said}' if said else ''}{_from(request)}.")


def _signed_out(sender: object, request: HttpRequest | None, user: Any, **told: Any) -> None:
    if isinstance(user, User):
        record(user, user, "Signed out.")


def _failed(
    sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **told: Any
) -> None:
    name = str(credentials.get("username") or credentials.get("email") or "")
    known = EmailAddress.objects.filter(email__iexact=name).values("user")
    user = (
        User.objects.filter(Q(username=name) | Q(email__iexact=name) | Q(pk__in=known)).first()
        if name
        else None
    )
    log.warning("sign_in_failed", user=user.pk if user else None)
    if user:
        record(
            user, user, f"A sign-in failed: wrong password, or the account is switched off{_from(request)}."
        )


def _factor_failed(sender: object, user: User, request: HttpRequest | None = None, **told: Any) -> None:
    log.warning("second_factor_failed", user=user.pk)
    record(user, user, f"A second factor failed: wrong code or key{_from(request)}.")


def _from(request: HttpRequest | None) -> str:
    network = network_of(request) if request else UNKNOWN
    return "" if network == UNKNOWN else f", from the network {network}"
