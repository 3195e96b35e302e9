"""Who is in a send and who is not, as one relation: read from the ledger of a planned send, else from its candidates.

Whatever is counted, listed or explained of a send before it goes out is asked of this relation, so that all of it
speaks of the same people.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from mailer.delivery.editions import Editions
from mailer.delivery.members import MEMBERS
from mailer.delivery.models import Send
from mailer.delivery.plan import gather_editions, write_choices

StoryIds = tuple[int, ...]

_COLUMNS = "subscriber_id, reason, edition, in_test"
_AHEAD = "CASE WHEN due_at > statement_timestamp() THEN due_at END AS due_at"
"""What waits for the start and was due before it goes at once."""


def ledger(sends: str) -> str:
    """Everyone in the ledger of some sends, as SQL; `reason` is NULL for who has got it, may have, or is to get it.

    Args:
        sends: the name of the parameter with their numbers.
    """
    return f"""
        SELECT member.send_id, member.subscriber_id,
            CASE WHEN member.rejected_because IS NOT NULL OR batch.state = 'rejected' THEN 'rejected'
                WHEN batch.state = 'cancelled' THEN 'cancelled' END AS reason,
            batch.edition_id AS edition, batch.in_test, batch.due_at
        FROM ({MEMBERS}) member JOIN delivery_batch batch ON batch.id = member.batch_id
        WHERE member.send_id = ANY(%({sends})s)
        UNION ALL
        SELECT send_id, subscriber_id, reason, NULL, false, NULL FROM delivery_exclusion WHERE send_id = ANY(%({sends})s)
        """


@dataclass(frozen=True)
class Foreseen:
    """The people of a send, for as long as the block of `foreseen` runs.

    Args:
        sql: the relation, with the columns subscriber_id, reason (NULL for who gets it), edition, in_test, and due_at
            (NULL for at once). Its own parameters are `values`.
        recipients: those of it who get it, with the columns subscriber_id and due_at; the parameters are the same.
        editions: by the relation's numbers, the stories and the variant of each.
        built: the editions as they were built for it, None for a planned send, whose ledger has them.
    """

    send: Send
    sql: str
    recipients: str
    values: Mapping[str, Any]
    editions: Mapping[int, tuple[StoryIds, int]]
    built: Editions | None


@contextmanager
def foreseen(send: Send) -> Iterator[Foreseen]:
    """The people of a send. What of it is not planned is gathered, and forgotten when the block ends.

    Raises:
        BuildError: the send is not planned and its issue cannot be rendered.
        BadAudience: the send is not planned and its audience cannot be told.
    """
    if send.planned_at is not None:
        with _one_moment():
            yield _planned(send)
        return
    with transaction.atomic(), connection.cursor() as cursor:
        yield _unplanned(cursor, send)
        transaction.set_rollback(True)


@contextmanager
def _one_moment() -> Iterator[None]:
    """All that is read in the block is of the moment when it began, however long a send under way is counted."""
    outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _planned(send: Send) -> Foreseen:
    due = "due_at" if send.started_at else _AHEAD
    editions = send.editions.order_by("id").values_list("id", "story_ids", "variant")
    return Foreseen(
        send=send,
        sql=f"SELECT {_COLUMNS}, {due} FROM ({ledger('sends')}) ledger",
        # The planner has figures on these columns, and none on what `reason` is made of.
        recipients=f"""
            SELECT unnest(subscriber_ids) AS subscriber_id, {due} FROM delivery_batch
            WHERE send_id = ANY(%(sends)s) AND state NOT IN ('rejected', 'cancelled')
            """,
        values={"sends": [send.pk]},
        editions={number: (tuple(story_ids), variant) for number, story_ids, variant in editions},
        built=None,
    )


def _unplanned(cursor: CursorWrapper, send: Send) -> Foreseen:
    built = gather_editions(cursor, send, timezone.now())
    write_choices(cursor, built, range(len(built.built)))
    cursor.execute(
        """
        CREATE TEMPORARY TABLE foreseen ON COMMIT DROP AS
        SELECT subscriber_id, coalesce(reason, CASE WHEN choice.edition_id IS NULL THEN 'no_stories' END) AS reason,
            CASE WHEN reason IS NULL THEN choice.edition_id END AS edition, in_test, due_at, domain
        FROM candidate LEFT JOIN choice USING (topic_ids, variant)
        """
    )
    cursor.execute("ANALYZE foreseen")
    sql = f"SELECT {_COLUMNS}, {_AHEAD} FROM foreseen"
    return Foreseen(
        send=send,
        sql=sql,
        recipients=f"{sql} WHERE reason IS NULL",
        values={},
        editions={n: (edition.story_ids, variant) for n, (variant, edition) in enumerate(built.built)},
        built=built,
    )
