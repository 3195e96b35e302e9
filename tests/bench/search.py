"""The search among many people: each kind of text, beside LIKE on the table; the size of the index, and its making.

    python -m tests.bench.search [--people 3000000] [--keep]

The store, its index and the queries are those of the product; the people are made up by the database itself.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from tests.bench.installation import servers

PEOPLE = 3_000_000
LIMIT = 50
"""Hits that are asked for, as on a page of the staff site."""
RUNS = 5
SAMPLE = 1_000_000
"""People at most that are added twice, once without the triggers, to tell what these cost."""

FIRST = "Mei Anna José Wei Aisha Jürgen Priya Tomás Siti Kofi Yuki Chloë Omar Ingrid Nguyễn Lucía Raj Zoë Ivan Hannah"
LAST = "Tan Schmidt García Lim Rahman Müller Sharma Silva Osei Ito Dubois Hassan Larsen Trần Núñez Patel O'Neil Petrov"
KINDS = {
    "whole address": "",
    "rare part": "eader7771",
    "begins a rare word": "reader7771",
    "name and number": "anna reader1001",
    "name, without its accent": "garcia",
    "two names": "chloe larsen",
    "part of many addresses": "firm27",
    "part of every address": "example",
    "two letters": "an",
    "one letter": "z",
    "Chinese, one sign": "明",
    "Chinese, whole name": "王小明",
    "nobody": "qqxyzzyq",
}

FILL = """
INSERT INTO subscribers_subscriber (email, first_name, last_name, language, country)
SELECT 'reader' || n || '.' || lower(substr(last, 1, 3)) || '@'
        || CASE WHEN n %% 3 = 0 THEN 'gmail.com' ELSE 'firm' || n %% 500 || '.example' END,
    CASE WHEN n %% 1000 = 0 THEN '小明' ELSE first END, CASE WHEN n %% 1000 = 0 THEN '王' ELSE last END, 'en', 'SG'
FROM generate_series(%(first)s, %(last)s) n,
LATERAL (SELECT (%(firsts)s::text[])[1 + abs(hashint4(n)) %% %(of_first)s] AS first,
    (%(lasts)s::text[])[1 + abs(hashint4(-n)) %% %(of_last)s] AS last) AS name
"""
LIKE = """
SELECT id, email, first_name, last_name FROM subscribers_subscriber
WHERE lower(email) LIKE %s OR lower(first_name) LIKE %s OR lower(last_name) LIKE %s LIMIT 51
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument(
        "--keep", action="store_true", help="search the store of the last run, of the same size"
    )
    options = parser.parse_args()
    console = Console(width=120)
    with servers(keep=options.keep):
        if not options.keep:
            _build(console, options.people)
        console.print(_sizes())
        console.print(_queries())


def _build(console: Console, people: int) -> None:
    from subscribers.search.find import find
    from subscribers.search.index import index_some

    console.print(_cost_of_triggers(min(people, SAMPLE)))
    _fill(1, people)
    for text in ("reader7771", "example"):
        waiting = _seconds(lambda text=text: find(text, LIMIT))
        console.print(f"{text} while all {people:,} wait for the index: {waiting * 1000:,.0f} ms")
    before, started, done = _cpu(), time.perf_counter(), 0
    while some := index_some():
        done += some
    took = time.perf_counter() - started
    ours, servers_own = (after - then for after, then in zip(_cpu(), before, strict=True))
    _run("VACUUM ANALYZE subscribers_subscriber, subscribers_searchentry, subscribers_searchchange")
    console.print(
        f"Indexed {done:,} people in {took:.1f} s: {done / took:,.0f} a second. "
        f"CPU: {ours:.1f} s here, {servers_own:.1f} s in PostgreSQL."
    )


def _cpu() -> tuple[float, float]:
    """Seconds of CPU so far of this process, and of PostgreSQL's for it."""
    times = (psutil.Process(pid).cpu_times() for pid in (None, _run("SELECT pg_backend_pid()")))
    ours, servers_own = (each.user + each.system for each in times)
    return ours, servers_own


def _cost_of_triggers(people: int) -> str:
    """The same people added with the triggers and without, each time undone."""
    from django.db import connection, transaction

    took: dict[str, float] = {}
    for setting in ("origin", "replica", "origin", "replica"):  # a replica's triggers are silent
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL session_replication_role = {setting}")
            before = _cpu()[1]
            _fill(1, people)
            took[setting] = min(took.get(setting, 1e9), _cpu()[1] - before)
            transaction.set_rollback(True)
        _run("VACUUM subscribers_subscriber, subscribers_searchchange")
    return (
        f"Adding {people:,} people: {took['origin']:.2f} s of CPU in PostgreSQL, "
        f"without triggers {took['replica']:.2f} s (better of two each)"
    )


def _fill(first: int, last: int) -> None:
    from django.db import connection

    firsts, lasts = FIRST.split(), LAST.split()
    values = {"first": first, "last": last, "firsts": firsts, "lasts": lasts}
    with connection.cursor() as cursor:
        cursor.execute(FILL, {**values, "of_first": len(firsts), "of_last": len(lasts)})


def _sizes() -> str:
    rows = {
        name: _run(f"SELECT pg_{what}_size('{relation}') / 1048576.0")
        for name, what, relation in (
            ("people", "table", "subscribers_subscriber"),
            ("grams", "table", "subscribers_searchentry"),
            ("index of the grams", "relation", "search_entry_grams"),
        )
    }
    return "Size: " + ", ".join(f"{name} {size:,.0f} MB" for name, size in rows.items())


def _queries() -> Table:
    from subscribers.search.find import find

    table = Table(
        title="Search, best 50 (median of 5), and LIKE on the table (better of two)", title_justify="left"
    )
    for heading in ("text", "found", "ms", "worst ms", "LIKE found", "LIKE ms", "LIKE / search"):
        table.add_column(heading, justify="left" if heading == "text" else "right")
    address = _run("SELECT email FROM subscribers_subscriber ORDER BY id OFFSET 1000 LIMIT 1")
    for kind, text in {**KINDS, "whole address": str(address)}.items():
        runs = [_seconds(lambda text=text: find(text, LIMIT)) for _ in range(RUNS)]
        found = find(text, LIMIT)
        like, rows = min((_like(text) for _ in range(2)), key=lambda each: each[0])
        middle = statistics.median(runs)
        table.add_row(
            f"{kind}: {text}",
            f"{len(found.hits)}{'+' if found.more else ''}",
            f"{middle * 1000:.1f}",
            f"{max(runs) * 1000:.1f}",
            f"{min(rows, LIMIT)}{'+' if rows > LIMIT else ''}",
            f"{like * 1000:.1f}",
            f"{like / middle:.1f}",
        )
    return table


def _like(text: str) -> tuple[float, int]:
    from django.db import connection

    with connection.cursor() as cursor:
        started = time.perf_counter()
        cursor.execute(LIKE, [f"%{text.lower()}%"] * 3)
        rows = len(cursor.fetchall())
        return time.perf_counter() - started, rows


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _run(statement: str) -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


if __name__ == "__main__":
    main()
