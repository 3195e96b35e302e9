"""Pushing suppressions that are known here and not to SendGrid onto its global list.

Mail to these addresses is left out here in any case. SendGrid drops what other programs of the organisation would send
to them with the same account.
"""

from dataclasses import dataclass

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from mailer.delivery.suppressing.trace import traced
from mailer.delivery.suppressing.turn import keep_turn
from mailer.sendgrid.client import SendGrid
from mailer.sendgrid.errors import CallFailed
from mailer.sendgrid.limits import bad_address
from mailer.sendgrid.suppressions import PUSH, suppress_globally
from subscribers.models import Suppression

log = structlog.get_logger()


@dataclass(frozen=True)
class Pushed:
    """How many addresses SendGrid was told, and how many it has no form for, so that it could not send to them either."""

    told: int = 0
    impossible: int = 0

    def __add__(self, other: "Pushed") -> "Pushed":
        return Pushed(self.told + other.told, self.impossible + other.impossible)


def waiting() -> int:
    """How many suppressions SendGrid is still to be told."""
    return Suppression.objects.filter(origin=Suppression.Origin.HERE, pushed_at=None).count()


@traced("push")
def push(client: SendGrid) -> Pushed:
    """Tell SendGrid of all that it does not know, a thousand at a time. Safe to run twice and side by side.

    Raises:
        CallFailed: a call failed; what was told before is noted, the rest is told the next time.
    """
    total = Pushed()
    try:
        while told := push_some(client):
            total += told
    except CallFailed as failure:
        keep_turn(failure)
        raise
    finally:
        if total != Pushed():
            log.info("suppressions_pushed", told=total.told, impossible=total.impossible)
    return total


def push_some(client: SendGrid) -> Pushed | None:
    """Tell SendGrid of up to a thousand. None: there was none that nobody else has in hand.

    The rows are held until it is noted, so that none is lifted in between: SendGrid would be told after it was asked
    to forget. A crash before the note means that it is told again, which changes nothing there.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id, address FROM subscribers_suppression WHERE origin = 'here' AND pushed_at IS NULL
            ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
            """,
            [PUSH],
        )
        rows = cursor.fetchall()
        if not rows:
            return None
        emails = sorted({address for _, address in rows if not bad_address(address)})
        refused = _tell(client, emails)
        _note(cursor, [number for number, _ in rows])
        return Pushed(len(emails) - refused, len({address for _, address in rows}) - len(emails) + refused)


def _tell(client: SendGrid, emails: list[str]) -> int:
    """Returns how many SendGrid refused. It refuses all for one that it does not like, so it is looked for by halves."""
    if not emails:
        return 0
    try:
        suppress_globally(client, emails)
    except CallFailed as failure:
        if failure.status != 400:
            raise
        if len(emails) == 1:
            return 1
        middle = len(emails) // 2
        return _tell(client, emails[:middle]) + _tell(client, emails[middle:])
    return 0


def _note(cursor: CursorWrapper, numbers: list[int]) -> None:
    cursor.execute("UPDATE subscribers_suppression SET pushed_at = now() WHERE id = ANY(%s)", [numbers])
