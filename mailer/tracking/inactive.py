"""People whom nothing connects with the organisation any more.

Inactive is who is on no list, neither active nor pending, and of whom nothing is known for the whole period: no record
of consent, no change, no issue sent to them, no open or click. Whoever is on a list is never inactive: they asked for
mail, and not opening it is no sign of anything, since mail programs hide opens.
"""

from collections.abc import Iterator
from datetime import datetime

from django.db import connection

from subscribers.privacy.erase import erase

BY = "retention: inactive"
STEP = 1_000

# The first part is cheap and leaves few; only those are looked up send by send, through the primary key.
_INACTIVE = """
WITH gone AS MATERIALIZED (
    SELECT id FROM subscribers_subscriber subscriber
    WHERE id > %(after)s AND erased_at IS NULL AND created_at < %(before)s AND changed_at < %(before)s
        AND NOT EXISTS (
            SELECT 1 FROM subscribers_subscription
            WHERE subscriber_id = subscriber.id AND (state <> 'unsubscribed' OR changed_at >= %(before)s)
        )
        AND NOT EXISTS (
            SELECT 1 FROM subscribers_consent WHERE subscriber_id = subscriber.id AND at >= %(before)s
        )
        AND NOT EXISTS (SELECT 1 FROM tracking_click WHERE subscriber_id = subscriber.id AND at >= %(before)s AND rule = '')
    ORDER BY id LIMIT %(step)s
)
SELECT id, NOT EXISTS (
    SELECT 1 FROM delivery_send send
    CROSS JOIN LATERAL (
        SELECT batch_id, opened_at, clicked_at FROM delivery_delivery
        WHERE send_id = send.id AND subscriber_id = gone.id LIMIT 1
    ) delivery
    JOIN delivery_batch batch ON batch.id = delivery.batch_id
    WHERE greatest(batch.changed_at, delivery.opened_at, delivery.clicked_at) >= %(before)s
)
FROM gone ORDER BY id
"""


def inactive(before: datetime) -> Iterator[int]:
    """The subscribers who are inactive since `before`, by number; read a step at a time."""
    after = 0
    while True:
        rows = _look(after, before, STEP)
        yield from (number for number, is_inactive in rows if is_inactive)
        if len(rows) < STEP:
            return
        after = rows[-1][0]


def erase_inactive(before: datetime, most: int) -> int:
    """Erase up to `most` of them, each by itself: a stop half-way loses nothing.

    A hash of their address stays, because who left a list must not come back on it by a file.

    Returns: how many were erased.
    """
    erased = 0
    for number in inactive(before):
        if erased == most:
            break
        erased += _erase(number, before)
    return erased


def _erase(number: int, before: datetime) -> bool:
    """Erase somebody, unless they came back or did something else since they were found."""

    def still() -> bool:
        return _look(number - 1, before, 1) == [(number, True)]

    return erase(number, by=BY, source=BY, if_still=still) is not None


def _look(after: int, before: datetime, step: int) -> list[tuple[int, bool]]:
    """Who may be inactive, up to `step` of those whose number is greater than `after`; and whether they are."""
    with connection.cursor() as cursor:
        cursor.execute(_INACTIVE, {"after": after, "before": before, "step": step})
        rows: list[tuple[int, bool]] = cursor.fetchall()
    return rows
