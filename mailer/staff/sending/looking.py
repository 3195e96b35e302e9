"""Looking at a send before it goes out, while somebody changes it: nothing is written, and an older look ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from mailer.delivery.arrange import Arrangement, looked_at
from mailer.delivery.errors import DeliveryError
from mailer.delivery.forecast.dry_run import undone
from mailer.delivery.forecast.foreseen import Foreseen, foreseen
from mailer.delivery.models import Send
from mailer.issues.builder.content import BuildError
from mailer.issues.models import Issue
from mailer.staff.superseding import GivenUp, newest

SECONDS = 30
"""After which a look is given up: a million people take a few."""


class TookTooLong(DeliveryError):
    """A look was given up, or another one came after it."""

    code = "took_too_long"


TROUBLE = (DeliveryError, BuildError)
"""What a look may end with, whose message is for who looks."""


@contextmanager
def look(user: Any, issue: Issue, wanted: Arrangement, what: str) -> Iterator[Foreseen]:
    """The people of an issue's send as it is wanted.

    Args:
        what: is looked at; an earlier look of the same user at the same of the same issue ends.
    Raises:
        TookTooLong: it was given up.
        BuildError, DeliveryError: see arrange.arrange and foreseen.foreseen.
    """
    name = f"look {what} {user.pk} {issue.pk}"
    with _hurried(name), looked_at(issue, wanted) as send, foreseen(send) as who:
        yield who


@contextmanager
def look_at_send(user: Any, send: Send, what: str) -> Iterator[Foreseen]:
    """The people of a send that there is. Raises as `look`."""
    with _hurried(f"look {what} {user.pk} of send {send.pk}"), foreseen(send) as who:
        yield who


@contextmanager
def _hurried(name: str) -> Iterator[None]:
    try:
        with undone(), newest(name):
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{SECONDS}s"])
            yield
    except GivenUp as error:
        raise TookTooLong(
            f"Counting took more than {SECONDS} seconds, or began anew: the last numbers are shown. Change something "
            "to count again."
        ) from error
