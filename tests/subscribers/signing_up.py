"""What the tests of sign-up share: a list whose form is open, and posting it as a browser does."""

from typing import Any

from django.test import Client

from subscribers import tokens
from subscribers.models import MailingList, PendingSignUp, Subscription
from subscribers.sign_up.wording import reword
from subscribers.tokens import Scope

ANNA = "anna@example.org"


def open_form(slug: str = "weekly", **settings: Any) -> MailingList:
    """A new list with an open form, and the first version of its wording."""
    mailing_list = MailingList.objects.create(slug=slug, name=slug.title(), sign_up_open=True, **settings)
    reword(mailing_list, f"I agree to get the {slug.title()}.")
    return mailing_list


def post(client: Client, email: str = ANNA, *, slug: str = "weekly", meta: Any = None, **fields: Any) -> Any:
    """Send the form."""
    return client.post(f"/s/{slug}", {"email": email, "wording": "1"} | fields, **(meta or {}))


def state_of(email: str = ANNA, slug: str = "weekly") -> str:
    """How somebody stands on a list."""
    return Subscription.objects.get(subscriber__email__iexact=email, mailing_list__slug=slug).state


def link(email: str = ANNA, slug: str = "weekly") -> str:
    """What the newest confirmation mail to somebody leads to."""
    pending = PendingSignUp.objects.get(subscriber__email__iexact=email, mailing_list__slug=slug)
    expires = int(pending.expires_at.timestamp())
    token = tokens.make(Scope.CONFIRM, pending.mailing_list_id, pending.subscriber_id, expires)
    return f"/confirm/{token}"
