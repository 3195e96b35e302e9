"""Somebody with a password, and their browser."""

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from tests.roles import somebody

PASSWORD = "a-sentence-of-mine"
LOGIN = "/account/login/"


def with_password(*roles: str, email: str = "anna@example.org", **how: object) -> User:
    """A user of the staff who may sign in with PASSWORD."""
    user = somebody(*roles, **how)
    user.email = email
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(client: Client, login: str, password: str = PASSWORD, **how: object):
    """What the sign-in page answers to name and password."""
    return client.post(LOGIN, {"login": login, "password": password}, **how)


def is_signed_in(client: Client) -> bool:
    """Whether the staff site opens."""
    return client.get("/staff/").status_code == 200


def said(user: User) -> list[str]:
    """What the audit log says of an account, oldest first."""
    return [entry.get_change_message() for entry in LogEntry.objects.filter(object_id=user.pk).order_by("pk")]
