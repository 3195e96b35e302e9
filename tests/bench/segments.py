"""How fast rules count people: python -m tests.bench.segments [--people 3000000] [--sends 10] [--recipients 3000000]

Builds a store of readers with their sends, counts each rule a few times and prints the median, and what it is of a
plain count of the table beside it. The plans of the slowest five are written to a file. With --keep the store stays and
serves the next run of the same sizes.
"""

import argparse
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from mailer.local import embedded
from tests.bench.database_time import median
from tests.bench.installation import servers
from tests.bench.readership import Size, fill

SLOWEST = 5
PEOPLE_LIMIT, ENGAGEMENT_LIMIT = 1.0, 3.0
"""Seconds that a count may take, with 3 million people and 30 million deliveries."""

PEOPLE: tuple[dict[str, Any], ...] = (
    {"field": "country", "is_any_of": ["SG", "MY"]},
    {"field": "domain", "is": "gmail.com"},
    {"field": "email", "contains": "77@firm"},
    {"field": "first_name", "starts_with": "zoë"},
    {"field": "created", "in_last_days": 90},
    {"attribute": "age", "type": "number", "between": [25, 40]},
    {"attribute": "joined", "type": "date", "before": "2021-01-01"},
    {"attribute": "tags", "type": "list", "has_any_of": ["t3", "u2"]},
    {"topic": "payments"},
    {"topic": "payments", "chosen": True},
    {"list": "weekly"},
    {"list": "offers", "cadence": ["monthly", "second"], "source": {"contains": "form"}},
    {"none": [{"list": "offers", "state": ["active", "pending"]}]},
    {"suppressed": False},
    {
        "all": [
            {"field": "country", "is": "SG"},
            {"list": "weekly"},
            {"topic": "payments"},
            {"suppressed": False},
        ]
    },
    {
        "any": [
            {"field": "language", "starts_with": "zh"},
            {"all": [{"field": "country", "is": "SG"}, {"list": "offers"}]},
            {
                "none": [
                    {"attribute": "plan", "type": "text", "is": "free"},
                    {"field": "country", "is_empty": True},
                ]
            },
        ]
    },
)
ENGAGEMENT: tuple[dict[str, Any], ...] = (
    {"sent": True, "in_last_issues": 4},
    {"sent": True, "never": True},
    {"delivered": True, "in_last_issues": 4},
    {"opened": True, "in_last_issues": 1},
    {"opened": True, "in_last_issues": 4},
    {"opened": True, "in_last_days": 30},
    {"opened": True, "never": True},
    {"opened": True, "not_in_last_issues": 6, "of": "weekly"},
    {"clicked": True},
    {"clicked": {"topic": "payments"}, "in_last_issues": 4},
    {"clicked": {"link": "/payments/story"}},
    {
        "all": [
            {"field": "country", "is_any_of": ["SG", "MY"]},
            {"clicked": {"topic": "payments"}, "in_last_issues": 4},
        ]
    },
    {"all": [{"sent": True, "in_last_issues": 4}, {"opened": True, "not_in_last_issues": 4}]},
    {"any": [{"opened": True, "in_last_days": 14}, {"clicked": True, "in_last_days": 60}, {"topic": "food"}]},
    {"score": {"at_least": 40}},
    {"any": [{"score": {"less_than": 5}, "in_last_issues": 3}, {"clicked": True, "in_last_issues": 1}]},
)


@dataclass(frozen=True)
class Timed:
    """A rule, how many it names, the seconds that a count took, and those of CPU in all PostgreSQL's processes."""

    rule: dict[str, Any]
    engagement: bool
    people: int
    seconds: float
    cpu: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=3_000_000)
    parser.add_argument("--sends", type=int, default=10)
    parser.add_argument("--recipients", type=int, default=3_000_000, help="of each send")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="keep the store, or use the one that was kept")
    parser.add_argument("--plans", type=Path, default=Path("segment-plans.txt"), metavar="FILE")
    options = parser.parse_args()
    size = Size(options.people, options.sends, min(options.recipients, options.people))
    console = Console(width=140)
    with servers(keep=options.keep):
        if _people() != size.people:
            start = time.perf_counter()
            fill(size, lambda step: console.print(step, style="dim"))
            console.print(f"The store was made in {time.perf_counter() - start:.0f} s.", style="dim")
        baseline, _ = median(_count_table, options.repeat)
        timed = [_time(rule, False, options.repeat) for rule in PEOPLE]
        timed += [_time(rule, True, options.repeat) for rule in ENGAGEMENT]
        slowest = sorted(timed, key=lambda each: -each.seconds)[:SLOWEST]
        options.plans.write_text("\n\n".join(_plan(each) for each in slowest), encoding="utf-8")
        console.print(_table(timed, baseline, size))
    console.print(f"The plans of the slowest {SLOWEST}: {options.plans}")
    if not options.keep:
        shutil.rmtree(embedded.var_folder(), ignore_errors=True)


def _people() -> int:
    from subscribers.models import Subscriber

    return Subscriber.objects.count()


def _count_table() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM subscribers_subscriber WHERE erased_at IS NULL")


def _time(rule: dict[str, Any], engagement: bool, repeat: int) -> Timed:
    """From the JSON to the number: parsing, looking names up, counting, with ten examples."""
    from django.utils import timezone

    from subscribers.segments import compile_rule, parse
    from subscribers.segments.counting import count_with_examples

    found = 0

    def act() -> None:
        nonlocal found
        predicate = compile_rule(parse({"version": 1, **rule}), now=timezone.now())
        found = count_with_examples(predicate).people

    seconds, cpu = median(act, repeat)
    return Timed(rule, engagement, found, seconds, cpu)


def _plan(timed: Timed) -> str:
    """What PostgreSQL did for it."""
    from django.utils import timezone

    from subscribers.segments import compile_rule, parse
    from subscribers.segments.counting import large_query, query

    predicate = compile_rule(parse({"version": 1, **timed.rule}), now=timezone.now())
    with large_query() as cursor:
        cursor.execute(
            f"EXPLAIN (ANALYZE, BUFFERS) SELECT count(*) FROM ({query(predicate)}) AS member",
            predicate.params,
        )
        lines: Iterator[str] = (row[0] for row in cursor.fetchall())
        return "\n".join([f"{json.dumps(timed.rule)}: {timed.seconds:.2f} s", *lines])


def _table(timed: list[Timed], baseline: float, size: Size) -> Table:
    from subscribers.segments import parse, sentence

    table = Table(
        title=f"{size.people:,} people, {size.sends} sends of {size.recipients:,}; "
        f"a plain count of the table: {baseline:.2f} s",
        title_justify="left",
    )
    table.add_column("rule")
    for heading in ("people", "seconds", "of CPU", "to the plain count"):
        table.add_column(heading, justify="right")
    for each in timed:
        limit = ENGAGEMENT_LIMIT if each.engagement else PEOPLE_LIMIT
        table.add_row(
            sentence(parse({"version": 1, **each.rule})),
            f"{each.people:,}",
            f"{each.seconds:.2f}",
            f"{each.cpu:.2f}",
            f"{each.seconds / baseline:.1f}",
            style="red" if each.seconds > limit else "",
        )
    return table


if __name__ == "__main__":
    main()
