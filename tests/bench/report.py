"""What a report costs: python -m tests.bench.report [--recipients 1000000]

Fills a store of readers with one send to all of them and a few before it, counts the report, and prints the time of each
of its queries, of the whole count, of reading what is kept and of a click map, beside a plain count of the deliveries in the same run.
Seconds of CPU are those of PostgreSQL's processes.
"""

import argparse
import re
import shutil
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from mailer.local import embedded
from tests.bench.database_time import postgres_cpu
from tests.bench.installation import servers
from tests.bench.readership import Size, fill

SHOWN = 12
"""Queries, the slowest first."""
READS = 50
"""Of what is kept, for the median."""

# A tenth of a million people opened with programs that are known, some by machines too, a few bounced: what the
# readership leaves out. Each fact costs the count something.
FACTS = """
UPDATE delivery_delivery SET
    opened_with = CASE WHEN opened_at IS NOT NULL
        THEN (ARRAY['Gmail', 'Apple Mail', 'Outlook', 'Thunderbird', 'Yahoo Mail'])[1 + subscriber_id %% 5] END,
    opened_on = CASE WHEN opened_at IS NOT NULL
        THEN (ARRAY['phone', 'desktop', 'tablet'])[1 + subscriber_id %% 3] END,
    machine_rule = CASE WHEN machine_opened_at IS NOT NULL THEN 'flag' END,
    blocked_at = CASE WHEN delivered_at IS NULL THEN now() END,
    bounce_class = CASE WHEN delivered_at IS NULL THEN 'Mailbox Unavailable' END
WHERE send_id = %s
"""

# A scanner follows all links of a mail in fifty.
SCANNED = """
INSERT INTO tracking_click (link_id, subscriber_id, at, rule)
SELECT link.id, delivery.subscriber_id, delivered_at + interval '5 seconds', 'burst'
FROM delivery_delivery delivery JOIN delivery_link link USING (send_id)
WHERE send_id = %s AND delivered_at IS NOT NULL AND delivery.subscriber_id %% 50 = 0
ON CONFLICT DO NOTHING
"""


@dataclass
class Spent:
    """Seconds by query, in the order in which they were asked."""

    queries: list[tuple[str, float, float]]

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        start, cpu = time.perf_counter(), postgres_cpu()
        try:
            return execute(sql, params, many, context)
        finally:
            self.queries.append((_name(sql), time.perf_counter() - start, postgres_cpu() - cpu))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipients", type=int, default=1_000_000)
    parser.add_argument("--before", type=int, default=1, help="sends of the newsletter before it")
    parser.add_argument("--segments", type=int, default=3, help="that reports show")
    parser.add_argument("--keep", action="store_true", help="keep the store, or use the one that was kept")
    options = parser.parse_args()
    size = Size(options.recipients, options.before + 1, options.recipients)
    console = Console(width=140, highlight=False)
    with servers(keep=options.keep):
        _prepare(size, options.segments, console)
        _measure(size, console)
    if not options.keep:
        shutil.rmtree(embedded.var_folder(), ignore_errors=True)


def _prepare(size: Size, segments: int, console: Console) -> None:
    from django.db import connection

    from mailer.delivery.models import Send
    from subscribers.models import Segment, Subscriber

    if Subscriber.objects.count() == size.people:
        return
    start = time.perf_counter()
    fill(size, lambda step: console.print(step, style="dim"))
    rules = (
        {"field": "country", "is_any_of": ["SG", "MY"]},
        {"topic": "payments", "chosen": True},
        {"opened": True, "in_last_issues": 4},
    )
    for number in range(segments):
        rule = {"version": 1, **rules[number % len(rules)]}
        Segment.objects.create(slug=f"s{number}", name=f"Segment {number}", rule=rule, in_reports=True)
    latest = Send.objects.order_by("-pk")[0]
    with connection.cursor() as cursor:
        cursor.execute(FACTS, [latest.pk])
        cursor.execute(SCANNED, [latest.pk])
        cursor.execute("VACUUM ANALYZE delivery_delivery, tracking_click")
    console.print(f"The store was made in {time.perf_counter() - start:.0f} s.", style="dim")


def _measure(size: Size, console: Console) -> None:
    from django.db import connection

    from mailer.delivery.models import Send
    from mailer.tracking.clickmap.count import count_places
    from mailer.tracking.models import Click
    from mailer.tracking.reports.keep import count_and_keep, kept_report

    latest, *before = Send.objects.order_by("-pk")
    for send in before:
        count_and_keep(send)
    baseline, baseline_cpu = _timed(lambda: _count_deliveries(latest.pk))
    count_and_keep(latest)
    whole, whole_cpu = _timed(lambda: count_and_keep(latest))
    spent = Spent([])
    with connection.execute_wrapper(spent):
        report = count_and_keep(latest)
    spans = [_timed(lambda: kept_report(latest.pk))[0] for _ in range(READS)]
    maps = [_timed(lambda: count_places(latest, together=True))[0] for _ in range(5)]
    clicks = Click.objects.filter(link__send=latest).count()

    table = Table(
        box=None,
        title=f"The report of a send to {size.recipients:,} people",
        title_justify="left",
        padding=(0, 2, 0, 0),
    )
    table.add_column("")
    for name in ("s", "CPU s"):
        table.add_column(name, justify="right")
    for name, seconds, cpu in sorted(spent.queries, key=lambda query: -query[1])[:SHOWN]:
        table.add_row(name, f"{seconds:.3f}", f"{cpu:.2f}")
    table.add_row(f"the whole count, {len(spent.queries)} queries", f"{whole:.3f}", f"{whole_cpu:.2f}")
    table.add_row("a plain count of its deliveries", f"{baseline:.3f}", f"{baseline_cpu:.2f}")
    table.add_row(f"reading what is kept, median of {READS}", f"{statistics.median(spans):.4f}", "")
    table.add_row(
        f"click map of {clicks:,} clicks, median of {len(maps)}", f"{statistics.median(maps):.4f}", ""
    )
    console.print(table)
    console.print(
        f"It adds up: {report.adds_up}. {report.totals.sent:,} sent, {report.totals.opened:,} opened,"
        f" {sum(len(each.groups) for each in report.breakdowns)} groups of {len(report.breakdowns)} sorts."
    )


def _count_deliveries(send_id: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM delivery_delivery WHERE send_id = %s", [send_id])


def _timed(act: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and those of CPU in PostgreSQL."""
    start, cpu = time.perf_counter(), postgres_cpu()
    act()
    return time.perf_counter() - start, postgres_cpu() - cpu


def _name(sql: str) -> str:
    """A query by its first words."""
    return re.sub(r"\s+", " ", sql).strip()[:90]


if __name__ == "__main__":
    main()
