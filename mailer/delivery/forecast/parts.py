"""The parts of a send that wait for the same ceilings: how many requests they need, and until when they go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from mailer.delivery.models import Send
from mailer.delivery.pacing.ceilings import HOUR, Waiting, ceilings_of, largest_batch
from mailer.delivery.pacing.ration import read_ceilings
from mailer.issues.models import Newsletter


@dataclass(frozen=True)
class Part:
    """People who get it at one time and are under the same ceilings, and the requests that they need."""

    due_at: datetime | None
    domain: str
    people: int
    requests: int


def parts_of_plan(cursor: CursorWrapper, send: Send) -> list[Part]:
    """The parts of a planned send. `people` are those who still wait; `requests` counts those already made too."""
    cursor.execute(
        """
        SELECT due_at, domain, coalesce(sum(size) FILTER (WHERE state = 'waiting'), 0), count(*)
        FROM delivery_batch WHERE send_id = %s AND size > 0 GROUP BY 1, 2
        """,
        [send.pk],
    )
    return [Part(*row) for row in cursor.fetchall()]


def parts_to_make(cursor: CursorWrapper, send: Send) -> list[Part]:
    """The parts that the plan would cut the people into, who are in the table of foreseen.py."""
    newsletter = send.issue.newsletter
    most = largest_batch(newsletter)
    cursor.execute(
        """
        SELECT due_at, domain, count(*) FROM foreseen WHERE reason IS NULL GROUP BY edition, due_at, in_test, domain
        """
    )
    return [
        Part(due_at, domain, people, ceil(people / min(most, newsletter.domain_ceilings.get(domain, most))))
        for due_at, domain, people in cursor.fetchall()
    ]


def until(newsletter: Newsletter, parts: Sequence[Part]) -> datetime | None:
    """When the last of the parts that wait are expected to go under the newsletter's ceilings, if it has any.

    What else of the newsletter may wait then is not known, and does not count.
    """
    now = timezone.now()
    waiting = sorted(
        ((max(part.due_at or now, now), part) for part in parts if part.people), key=lambda item: item[0]
    )
    if not waiting:
        return None
    start, last = waiting[0][0], waiting[-1][0]
    # What is used of them now is free again in an hour, and the next day.
    ceilings = ceilings_of(newsletter, (), start) if start > now + HOUR else read_ceilings(newsletter)
    if not ceilings.all:
        return None
    for _, part in waiting:
        ceilings.place(Waiting(0, part.people, part.domain))
    return max(last, *(ceiling.reached for ceiling in ceilings.all))
