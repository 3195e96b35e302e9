"""How somebody who works on issues is called for the others."""

from typing import Any


def name_of(user: Any) -> str:
    """The full name of a user, or the user name of one without; "" for one who is known no more."""
    return (user.get_full_name() or user.get_username()) if user else ""
