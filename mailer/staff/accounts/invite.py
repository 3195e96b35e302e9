"""Inviting somebody to the staff site: an account without a password, and a link by which they choose one.

The link works once, and three days at most (PASSWORD_RESET_TIMEOUT): its token falls with any password that is set.
"""

from dataclasses import dataclass

from allauth.account import app_settings
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.template.loader import render_to_string

from mailer.staff.accounts.adapters import password_url
from mailer.staff.accounts.mail import CannotMail

LONGEST = 150
"""Characters of an address: it is the user name too."""


@dataclass(frozen=True)
class Invitation:
    """A link for somebody, and whether it was mailed; `why_not` says what kept it from it."""

    user: User
    link: str
    why_not: str = ""


def free_address(given: str) -> str:
    """An address that no account has, in lower case.

    Raises:
        ValidationError: it is none, or somebody has it.
    """
    address = given.strip().lower()
    validate_email(address)
    if len(address) > LONGEST:
        raise ValidationError(f"An address here has {LONGEST} characters at most.")
    taken = User.objects.filter(email__iexact=address) | User.objects.filter(username__iexact=address)
    if taken.exists():
        raise ValidationError(f"{address} has an account already. Give it another role on its page.")
    if EmailAddress.objects.filter(email__iexact=address).exists():
        raise ValidationError(f"{address} belongs to another account.")
    return address


def new_user(address: str, first_name: str = "", last_name: str = "") -> User:
    """An account without a password.

    Raises:
        ValidationError: see free_address.
    """
    address = free_address(address)
    return User.objects.create_user(
        address, address, first_name=first_name, last_name=last_name, is_staff=True
    )


def invite(user: User, *, by: str = "") -> Invitation:
    """Make a link by which somebody chooses a password, and mail it to them where mail goes out.

    Args:
        by: who invites, for the mail; "" names nobody.
    """
    token = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    link = password_url(f"{user_pk_to_url_str(user)}-{token}")
    shown = {
        "user": user,
        "link": link,
        "by": by,
        "site": settings.PUBLIC_URL,
        "roles": user.roles.select_related("newsletter"),
        "days": settings.PASSWORD_RESET_TIMEOUT // 86_400,
    }
    try:
        text = render_to_string("staff/accounts/invitation.txt", shown)
        send_mail("Your account for newsletters", text, None, [user.email])
    except CannotMail as error:
        return Invitation(user, link, str(error))
    return Invitation(user, link)
