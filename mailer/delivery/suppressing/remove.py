"""Taking addresses that were lifted off SendGrid's lists too, again and again until it is done.

What is to be done is derived: a lifting without a removal.
"""

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from mailer.delivery.suppressing.trace import traced
from mailer.delivery.suppressing.turn import keep_turn
from mailer.sendgrid.client import SendGrid
from mailer.sendgrid.errors import CallFailed
from mailer.sendgrid.suppressions import SuppressionList, remove

log = structlog.get_logger()

LISTS: tuple[SuppressionList, ...] = ("bounces", "invalid_emails", "unsubscribes")
"""Where a lifted address may stand: a lifting is of the whole address, and SendGrid may know more than we do. Not among
the spam reports: they are not lifted. Blocks keep nothing back."""

OF_ALL_CALLS = (401, 403, 429)
"""The refusals (4xx) that have nothing to do with the address."""

WAITING = """
FROM subscribers_lifting lifting
WHERE lifting.address <> ''
    AND NOT EXISTS (SELECT 1 FROM delivery_removal removal WHERE removal.lifting_id = lifting.id)
"""
"""Of an erased person nobody knows the address any more."""


def waiting() -> int:
    """How many addresses are still to be taken off SendGrid's lists."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(DISTINCT lifting.address) {WAITING}")
        return int(cursor.fetchone()[0])


@traced("remove")
def remove_lifted(client: SendGrid) -> int:
    """Take every lifted address off. Safe to run twice and side by side.

    Returns: how many addresses.
    Raises:
        CallFailed: a call failed; the rest is tried again the next time.
    """
    done, refused = 0, dict[str, CallFailed]()
    try:
        while address := _next(client, refused):
            done += address not in refused
    except CallFailed as failure:
        keep_turn(failure)
        raise
    finally:
        if done:
            log.info("suppressions_removed", addresses=done)
    if refused:
        raise next(iter(refused.values()))
    return done


def _next(client: SendGrid, refused: dict[str, CallFailed]) -> str:
    """Take the next address off that nobody else has in hand; those that SendGrid refuses keep no other back.

    Returns: the address; "" when there is none left.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT lifting.address {WAITING} AND lifting.address <> ALL(%s)
            ORDER BY lifting.id LIMIT 1 FOR UPDATE SKIP LOCKED
            """,
            [list(refused)],
        )
        row = cursor.fetchone()
        if row is None:
            return ""
        address = str(row[0])
        try:
            if not _is_suppressed_again(cursor, address):
                for name in LISTS:
                    remove(client, name, address)
            _note(cursor, address)
        except CallFailed as failure:
            if failure.status is None or failure.status >= 500 or failure.status in OF_ALL_CALLS:
                raise
            refused[address] = failure
    return address


def _is_suppressed_again(cursor: CursorWrapper, address: str) -> bool:
    cursor.execute("SELECT 1 FROM subscribers_suppression WHERE address = %s LIMIT 1", [address])
    return cursor.fetchone() is not None


def _note(cursor: CursorWrapper, address: str) -> None:
    """Where it was suppressed again while SendGrid was asked, it may have forgotten what it was told: tell it again."""
    cursor.execute(
        """
        INSERT INTO delivery_removal (lifting_id)
        SELECT id FROM subscribers_lifting WHERE address = %s ON CONFLICT DO NOTHING
        """,
        [address],
    )
    cursor.execute("UPDATE subscribers_suppression SET pushed_at = NULL WHERE address = %s", [address])
