"""How delivery writes reasons, moments and what came from outside, for people who read them."""

from datetime import datetime

from django.utils import timezone

from mailer.delivery.models import Exclusion

REJECTED = "rejected"
"""Beside the reasons of an exclusion: who was meant to get a send, and whom SendGrid does not take."""
OFF_LIST = "off_list"
OFF_AUDIENCE = "off_audience"
JOINED = "joined"
"""Why the people of one send differ from those of another."""

WORDS: dict[str, str] = {
    **{reason.value: reason.label for reason in Exclusion.Reason},
    REJECTED: "refused by SendGrid",
    OFF_LIST: "no longer on the list",
    OFF_AUDIENCE: "not in the audience",
    JOINED: "joined since",
}

_JOINERS = "\u200c\u200d"
"""Not printable, but emoji and some scripts are put together with them."""


def moment(at: datetime) -> str:
    """A time in the installation's time zone: 2 March 2026, 09:00 UTC."""
    local = timezone.localtime(at)
    return f"{local.day} {local:%B %Y, %H:%M %Z}"


def printable(text: str) -> str:
    """Text from outside, without any character that a terminal would obey."""
    return "".join(c if c.isprintable() or c in _JOINERS else "\ufffd" for c in text)
