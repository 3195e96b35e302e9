"""How many a rule names, with ten of them; and how rules overlap.

Each may be asked about the people of some mailing lists alone: whoever may see no others is told of no others.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg.errors import QueryCanceled

from subscribers.segments.errors import SegmentError
from subscribers.segments.faces import Lists
from subscribers.segments.predicate import Predicate

EXAMPLES = 10
_EVERY = 256
"""The examples are taken from every 256th number of a person, so that people are counted and sampled in one reading;
where that does not give ten, a second one looks for them. A power of 2."""


@dataclass(frozen=True)
class Example:
    """Somebody in a segment."""

    id: int
    address: str
    name: str
    country: str


@dataclass(frozen=True)
class Counted:
    """How many there are, and up to ten of them, drawn from all over the store: the same ones each time."""

    people: int
    examples: list[Example]


@dataclass(frozen=True)
class Overlap:
    """Of two segments: in the first alone, in both, in the second alone."""

    first: int
    both: int
    second: int


def query(predicate: Predicate) -> str:
    """A SELECT of the numbers of everyone in a segment, as subscriber_id, without erased people. Its parameters are
    those of the predicate."""
    return f"SELECT subscriber.id AS subscriber_id {_people(predicate)}"


def count(predicate: Predicate, *, lists: Lists = None, seconds: float | None = None) -> int:
    """How many people are in a segment.

    Args:
        lists: only people of these mailing lists, in whatever state.
        seconds: that it may take; None for as long as it does.
    Raises:
        SegmentError: it took longer.
    """
    with large_query(seconds) as cursor:
        cursor.execute(f"SELECT count(*) {_people(predicate, lists)}", _params(predicate, lists))
        (people,) = cursor.fetchone()
    return int(people)


def count_with_examples(
    predicate: Predicate, *, lists: Lists = None, seconds: float | None = None
) -> Counted:
    """How many people are in a segment, and ten of them; the arguments are those of `count`."""
    with large_query(seconds) as cursor:
        params = _params(predicate, lists)
        cursor.execute(
            "SELECT count(*), array_agg(subscriber.id)"
            f" FILTER (WHERE subscriber.id & {_EVERY - 1} = 0) {_people(predicate, lists)}",
            params,
        )
        people, sample = cursor.fetchone()
        ids = sorted(sample or ())
        ids = ids[:: max(len(ids) // EXAMPLES, 1)][:EXAMPLES]
        if len(ids) < min(people, EXAMPLES):
            cursor.execute(
                f"SELECT subscriber.id {_people(predicate, lists)} ORDER BY 1 LIMIT {EXAMPLES}", params
            )
            ids = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "SELECT id, email, trim(first_name || ' ' || last_name), country FROM subscribers_subscriber"
            " WHERE id = ANY(%s) ORDER BY lower(email)",
            [ids],
        )
        return Counted(people, [Example(*row) for row in cursor.fetchall()])


def parts(
    predicates: Sequence[Predicate], *, lists: Lists = None, seconds: float | None = None
) -> dict[int, int]:
    """How many people are in exactly which of some segments, in one reading of the store.

    Args:
        predicates: the names of their parameters must differ: compile each with a prefix of its own.
        lists, seconds: as those of `count`.
    Returns: by a number whose bit n says that they are in segment n; 0 for those in none is left out.
    """
    bits = " | ".join(f"(({each.sql})::int << {n})" for n, each in enumerate(predicates))
    params = {name: value for each in predicates for name, value in each.params.items()}
    with large_query(seconds) as cursor:
        cursor.execute(
            f"""
            SELECT bits, count(*) FROM (
                SELECT {bits} AS bits FROM subscribers_subscriber subscriber
                WHERE subscriber.erased_at IS NULL {_of_lists(lists)}
            ) AS person GROUP BY bits
            """,
            {**params, **_listed(lists)},
        )
        return {bits: people for bits, people in cursor.fetchall() if bits}


def overlap(first: Predicate, second: Predicate) -> Overlap:
    """How two segments overlap; see `parts`."""
    found = parts([first, second])
    return Overlap(found.get(1, 0), found.get(3, 0), found.get(2, 0))


@contextmanager
def large_query(seconds: float | None = None) -> Iterator[CursorWrapper]:
    """A transaction with PostgreSQL's settings for a query over everybody.

    Args:
        seconds: that each statement in it may take.
    Raises:
        SegmentError: one took longer.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            tune(cursor)
            if seconds is not None:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{seconds * 1000:.0f}"])
            yield cursor
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise SegmentError(
            "too_slow",
            "",
            f"after {seconds:g} seconds it was not done and was stopped; ask for less, or take a snapshot of a part and "
            "name that",
        ) from error


def tune(cursor: CursorWrapper) -> None:
    """Until the end of the transaction, set PostgreSQL up for a query with a rule over everybody."""
    cursor.execute(
        "SELECT set_config(name, value, true) FROM unnest(%s::text[], %s::text[]) AS setting (name, value)",
        _SETTINGS,
    )


_SETTINGS = [
    list(each)
    for each in zip(
        ("jit", "off"),  # to compile a query takes longer than it takes to run
        ("work_mem", "64MB"),
        # Several processes even where the planner thinks little is to be done: it takes a batch of a thousand for ten.
        ("min_parallel_table_scan_size", "512kB"),
        ("min_parallel_index_scan_size", "128kB"),
        ("parallel_setup_cost", "10"),
        ("parallel_tuple_cost", "0.001"),
        strict=True,
    )
]


def _people(predicate: Predicate, lists: Lists = None) -> str:
    return (
        "FROM subscribers_subscriber subscriber"
        f" WHERE subscriber.erased_at IS NULL AND {predicate.sql} {_of_lists(lists)}"
    )


def _of_lists(lists: Lists) -> str:
    """A predicate's parameters end in a digit, so none has the name of this one."""
    return "" if lists is None else f"AND subscriber.id IN ({_MEMBERS})"


def _listed(lists: Lists) -> dict[str, list[int]]:
    return {} if lists is None else {"of_lists": sorted(lists)}


def _params(predicate: Predicate, lists: Lists) -> Mapping[str, Any]:
    return {**predicate.params, **_listed(lists)}


_MEMBERS = """SELECT subscription.subscriber_id FROM subscribers_subscription subscription
    WHERE subscription.mailing_list_id = ANY(%(of_lists)s)"""
