"""What this site does otherwise than django-allauth by itself."""

import base64
import hashlib
from typing import Any
from urllib.parse import quote, urljoin

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import ratelimit
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse

from mailer.staff.accounts.mail import CannotMail
from subscribers.sign_up.network import network_of, sender_of, without_port

ANYWHERE = "login_failed_anywhere"
"""The setting of how many wrong passwords an account may have, wherever they come from."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # django-allauth has no type hints
    """Accounts are given, never taken."""

    # One text, whatever was typed: django-allauth has one for names and one for addresses.
    error_messages = DefaultAccountAdapter.error_messages | dict.fromkeys(
        ("username_password_mismatch", "email_password_mismatch"),
        "No account has this name or address with this password.",
    )

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whose tries are counted: the sender as the trusted proxies tell (PROXIES); of IPv6 the network of a customer, who
        could take another address for each try."""
        address = without_port(sender_of(request))
        return network_of(request) if ":" in address else address or "unknown"

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Whose wrong passwords are counted together: an account's from one address."""
        return f"{self._account_of(request, **credentials)}:{self.get_client_ip(request)}"

    def _account_of(self, request: HttpRequest, **credentials: Any) -> str:
        return str(super()._get_login_attempts_cache_key(request, **credentials))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse a try before its password is looked at: where too many were wrong from here, or from anywhere."""
        anywhere = {"action": ANYWHERE, "key": self._account_of(request, **credentials)}
        if not ratelimit.consume(request, **anywhere, dry_run=True):
            raise self.validation_error("too_many_login_attempts")
        super().pre_authenticate(request, **credentials)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        ratelimit.consume(request, action=ANYWHERE, key=self._account_of(request, **credentials))

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link of a mail. Its host is PUBLIC_URL's, whatever host the request was made to."""
        return password_url(key)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("staff_account")

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Mail the link. That it could not be sent is only logged: said here, it would tell who has an account."""
        try:
            super().send_password_reset_mail(user, email, context)
        except CannotMail:
            return

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Tell somebody of a change to their account; the change stands where no mail goes out, and is logged."""
        try:
            super().send_notification_mail(*args, **kwargs)
        except CannotMail:
            return


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """OpenID Connect: whom the provider vouches for is let in when an account waits for them."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Match a newcomer to the account that has their address, which the provider must have verified."""
        if sociallogin.is_existing or request.user.is_authenticated:
            return
        verified = [address.email for address in sociallogin.email_addresses if address.verified]
        fitting = [user for address in verified for user in _known_by(address)]
        active = {user.pk: user for user in fitting if user.is_active}
        if len(active) != 1:
            shown = {"unverified": not verified, "several": len(active) > 1}
            refusal = render(request, "account/not_let_in.html", shown, status=403)
            raise ImmediateHttpResponse(refusal)
        sociallogin.connect(request, *active.values())


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keys of authenticator apps lie encrypted in the database, under SECRET_KEY."""

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()


def password_url(key: str) -> str:
    """Where somebody chooses a password, with a key as django-allauth makes them: number and token."""
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
    return urljoin(settings.PUBLIC_URL, path.replace("UID-KEY", quote(key)))


def _known_by(address: str) -> list[User]:
    """Who has an address, in capitals or not.

    The database takes more letters for one another than those: a dotless i is an I to it, and another mailbox
    (CVE-2019-19844).
    """
    found = User.objects.filter(email__iexact=address)
    return [user for user in found if user.email.lower() == address.lower()]


def _box() -> MultiFernet:
    """Encrypts with SECRET_KEY; opens also what a former one (SECRET_KEY_FALLBACKS) encrypted."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    digests = (hashlib.sha256(b"mailer.staff.second-factor" + secret.encode()).digest() for secret in secrets)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
