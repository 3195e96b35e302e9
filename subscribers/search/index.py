"""Bringing the index of the search up to date, in bulk: the subscribers that triggers noted become grams."""

from collections.abc import Iterable

import orjson
import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from subscribers.search.grams import folded, grams_of

log = structlog.get_logger()

LOCK = 0x67726D73
"""Of PostgreSQL's advisory locks: one process at a time, so that no older grams are written over newer ones."""
PEOPLE = 5_000
"""At once."""
CHANGES = 5_000
"""Notes that are read at once."""


def index_some() -> int:
    """Index up to PEOPLE of those that were noted, oldest notes first. A crash undoes it whole.

    Returns: how many; 0 when nobody is left, or another process is at it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        done = 0
        while not done and (taken := _take(cursor)):
            done = _write(cursor, *taken)
        return done


def _take(cursor: CursorWrapper) -> tuple[list[int], list[int]] | None:
    """Take notes for about PEOPLE numbers: the first and the last of each range. A range that is longer is cut."""
    cursor.execute(
        "SELECT id, first_id, last_id FROM subscribers_searchchange ORDER BY id LIMIT %s FOR UPDATE",
        [CHANGES],
    )
    done, firsts, lasts = [], [], []
    room = PEOPLE
    for number, first, last in cursor.fetchall():
        if room <= 0:
            break
        cut = min(last, first + room - 1)
        firsts.append(first)
        lasts.append(cut)
        room -= cut - first + 1
        if cut < last:
            cursor.execute(
                "UPDATE subscribers_searchchange SET first_id = %s WHERE id = %s", [cut + 1, number]
            )
        else:
            done.append(number)
    cursor.execute("DELETE FROM subscribers_searchchange WHERE id = ANY(%s)", [done])
    return (firsts, lasts) if firsts else None


def _write(cursor: CursorWrapper, firsts: list[int], lasts: list[int]) -> int:
    """Write the grams of the people in these ranges, as they are now; the erased have none. Returns how many people."""
    cursor.execute(
        """
        SELECT DISTINCT subscriber.id, email, first_name, last_name, erased_at IS NOT NULL
        FROM unnest(%s::bigint[], %s::bigint[]) AS given (first_id, last_id)
        JOIN subscribers_subscriber subscriber ON subscriber.id BETWEEN given.first_id AND given.last_id
        """,
        [firsts, lasts],
    )
    people = cursor.fetchall()
    cursor.execute(
        "DELETE FROM subscribers_searchentry WHERE subscriber_id = ANY(%s)",
        [[person[0] for person in people]],
    )
    lines = [
        f"{number}\t{_array(grams_of(folded(email, first, last)))}\n"
        for number, email, first, last, is_erased in people
        if not is_erased
    ]
    if lines:
        with cursor.copy("COPY subscribers_searchentry (subscriber_id, grams) FROM STDIN") as copy:
            copy.write("".join(lines))
    return len(people)


def _array(numbers: Iterable[int]) -> str:
    """As PostgreSQL reads it."""
    return f"{{{orjson.dumps([*numbers])[1:-1].decode()}}}"
