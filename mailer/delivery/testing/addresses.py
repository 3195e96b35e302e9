"""Where test mails may go: to a few addresses at a time, and to none that must get nothing.

Any address will do: a test list can hold any as well. What keeps it from harm is that they are few, that they are
counted (limit.py), that the mail says that it is a test, and that who sent it is kept.
"""

import re
from collections.abc import Iterable, Sequence

from mailer.delivery.testing.errors import BadTestMail
from mailer.sendgrid.limits import bad_address
from subscribers.models import Suppression

MOST = 20
"""Addresses of one test."""


def read_addresses(written: str | Iterable[str]) -> list[str]:
    """The addresses that somebody typed, each once, whatever stands between them.

    Raises:
        BadTestMail: one is no address, there are none, or more than MOST.
    """
    text = written if isinstance(written, str) else " ".join(written)
    typed = [word for word in re.split(r"[\s,;]+", text.strip()) if word]
    bad = next((word for word in typed if bad_address(word)), None)
    if bad is not None:
        raise BadTestMail(f"{bad} is no e-mail address. Write addresses with a space or comma between them.")
    found = list({address.lower(): address for address in typed}.values())
    if not found:
        raise BadTestMail("Say where the test goes: write at least one address.")
    if len(found) > MOST:
        raise BadTestMail(f"A test goes to at most {MOST} addresses; these are {len(found)}.")
    return found


def suppressed(addresses: Sequence[str]) -> dict[str, str]:
    """Those of some addresses that must get nothing, and why."""
    keys = {address.lower(): address for address in addresses}
    found = Suppression.objects.filter(address__in=keys).order_by("-created_at")
    return {keys[row.address]: row.get_reason_display() for row in found}
