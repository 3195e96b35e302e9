"""Noting that the figures of sends have changed since their reports were counted."""

from collections.abc import Iterable
from functools import partial

from django.db import connection, transaction

SLACK = 5
"""Seconds. A change may be marked with a time a little before others see it: who looks for changes since a count looks
back so far before it."""


def figures_change(sends: Iterable[int | None]) -> None:
    """Note, as soon as the transaction is committed, that the figures of these sends have changed.

    It waits for nobody: a row that is held is being marked by whoever holds it. Sends that were never counted have no row,
    and need no mark. Where it fails the figures are late, and nothing else is harmed.
    """
    changed = sorted({send for send in sends if send is not None})
    if changed:
        transaction.on_commit(partial(_mark, changed), robust=True)


def _mark(sends: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE tracking_sendfigures SET changed_at = clock_timestamp() WHERE send_id IN (
                SELECT send_id FROM tracking_sendfigures
                WHERE send_id = ANY(%s) AND coalesce(changed_at < statement_timestamp() - interval '1 second', true)
                FOR UPDATE SKIP LOCKED
            )
            """,
            [sends],
        )
