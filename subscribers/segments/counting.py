"""How many a rule names, with ten of them; and how two of them overlap."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

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


def count(predicate: Predicate) -> int:
    """How many people are in a segment."""
    with large_query() as cursor:
        cursor.execute(f"SELECT count(*) {_people(predicate)}", predicate.params)
        (people,) = cursor.fetchone()
    return int(people)


def count_with_examples(predicate: Predicate) -> Counted:
    """How many people are in a segment, and ten of them."""
    with large_query() as cursor:
        cursor.execute(
            "SELECT count(*), array_agg(subscriber.id)"
            f" FILTER (WHERE subscriber.id & {_EVERY - 1} = 0) {_people(predicate)}",
            predicate.params,
        )
        people, sample = cursor.fetchone()
        ids = sorted(sample or ())
        ids = ids[:: max(len(ids) // EXAMPLES, 1)][:EXAMPLES]
        if len(ids) < min(people, EXAMPLES):
            cursor.execute(f"{query(predicate)} ORDER BY 1 LIMIT {EXAMPLES}", predicate.params)
            ids = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "SELECT id, email, trim(first_name || ' ' || last_name), country FROM subscribers_subscriber"
            " WHERE id = ANY(%s) ORDER BY lower(email)",
            [ids],
        )
        return Counted(people, [Example(*row) for row in cursor.fetchall()])


def overlap(first: Predicate, second: Predicate) -> Overlap:
    """How two segments overlap. The names of their parameters must differ: compile them with two prefixes."""
    with large_query() as cursor:
        cursor.execute(
            f"""
            SELECT count(*) FILTER (WHERE first AND NOT second), count(*) FILTER (WHERE first AND second),
                count(*) FILTER (WHERE second AND NOT first)
            FROM (
                SELECT {first.sql} AS first, {second.sql} AS second
                FROM subscribers_subscriber subscriber WHERE subscriber.erased_at IS NULL
            ) AS person
            """,
            {**first.params, **second.params},
        )
        return Overlap(*cursor.fetchone())


@contextmanager
def large_query() -> Iterator[CursorWrapper]:
    """A transaction with PostgreSQL's settings for a query over everybody."""
    with transaction.atomic(), connection.cursor() as cursor:
        tune(cursor)
        yield cursor


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


def _people(predicate: Predicate) -> str:
    return f"FROM subscribers_subscriber subscriber WHERE subscriber.erased_at IS NULL AND {predicate.sql}"
