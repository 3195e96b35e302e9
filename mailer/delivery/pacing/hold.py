"""Holding a send that the system comes too late for, because it was down at the time it was meant for.

Something that is due and was never handed out waited for the system: what waits for a ceiling, the pace or an answer
has a due time of its own, and what waits for the winner of a test is due when that is chosen.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection

from mailer.delivery.claim import MAY_GO
from mailer.delivery.notices import pause_and_tell
from mailer.delivery.pacing.ration import BATCHES

_DUE = "CASE WHEN batch.in_test THEN batch.due_at ELSE greatest(batch.due_at, send.decided_at) END"


def hold_late() -> int:
    """Pause every send of which something is due for longer than its newsletter allows. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT send.id, min({_DUE}), sum(batch.size), newsletter.lateness_limit, newsletter.time_zone
            FROM {BATCHES}
            WHERE batch.state = 'waiting' AND batch.queued_at IS NULL AND {MAY_GO}
                AND {_DUE} < statement_timestamp() - make_interval(hours => newsletter.lateness_limit)
            GROUP BY send.id, newsletter.id ORDER BY send.id
            """
        )
        late = cursor.fetchall()
    return sum(_hold(*row) for row in late)


def _hold(send_id: int, meant: datetime, people: int, limit: int, time_zone: str) -> bool:
    at = f"{meant.astimezone(ZoneInfo(time_zone)):%d %b %Y %H:%M %Z}"
    ago = "an hour" if limit == 1 else f"{limit} hours"
    who = "1 person has" if people == 1 else f"{people:,} people have"
    text = (
        f"The system was down at the time this was meant for, {at}. That is more than {ago} ago, the newsletter's "
        f"limit, so it does not go by itself any more: {who} not got it. "
        f"To send it now: mailer resume {send_id}. To give it up: mailer cancel {send_id}."
    )
    return pause_and_tell(send_id, "held", text)
