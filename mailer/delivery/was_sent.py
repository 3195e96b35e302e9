"""Whether people were sent something since a moment, or are about to be: the store asks before it takes them out."""

from datetime import datetime
from typing import Any

from mailer.delivery.members import MEMBERS

# Whoever plans a send locks its row first, and waits for this.
NO_NEW_PLANS = "LOCK TABLE delivery_send IN EXCLUSIVE MODE"

CONCERNED = """
SELECT subscriber_id FROM {people} WHERE subscriber_id IN (
    SELECT member.subscriber_id FROM ({members}) member
    JOIN delivery_batch batch ON batch.id = member.batch_id
    LEFT JOIN delivery_send send ON send.id = batch.send_id
    WHERE batch.changed_at >= %(since)s OR send.planned_at >= %(since)s
    UNION ALL
    SELECT exclusion.subscriber_id FROM delivery_exclusion exclusion
    JOIN delivery_send send ON send.id = exclusion.send_id WHERE send.planned_at >= %(since)s
)
"""


def was_sent(cursor: Any, people: str, since: datetime) -> set[int]:
    """Those who are in a plan that was made, or in a batch that moved, since a moment; letters to them count too.

    No send can be planned until the transaction ends.

    Args:
        people: a table with a column `subscriber_id`.
    """
    cursor.execute(NO_NEW_PLANS)
    cursor.execute(CONCERNED.format(people=people, members=MEMBERS), {"since": since})
    return {row[0] for row in cursor.fetchall()}
