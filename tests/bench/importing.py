"""Rows a second of an import, as `mailer import` does it: all new, all merging, all known and unchanged.

    python -m tests.bench.importing [--rows 1000000]

Each file goes through the command as one would type it: kept in the database, read, cleaned, merged in chunks with
journal and consent records, counted. Beside it, in the same run and of the same file: the database's own COPY of the
same columns into a table without index or constraint, and Python's csv module reading the file. PostgreSQL shares the
machine.
"""

import argparse
import csv
import os
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Column, Table

from tests.bench.installation import servers

LIMIT = 30
"""Seconds that a million rows may take on two cores."""
PLACES = (
    ("SG", "en", "Asia/Singapore"),
    ("CN", "zh-Hans", "Asia/Shanghai"),
    ("DE", "de", "Europe/Berlin"),
    ("US", "en", "America/New_York"),
)
TOPICS = ("ai", "policy", "travel")
HEADER = (
    "E-mail",
    "First name",
    "Last name",
    "Country",
    "Language",
    "Time zone",
    "Topics",
    "Company",
    "Seniority",
)

console = Console(width=140)


@dataclass(frozen=True)
class Spent:
    """What an import took: seconds, CPU seconds of its process and of PostgreSQL, the most bytes it held."""

    seconds: float
    own: float
    postgres: float
    memory: int


def main() -> None:
    options = _options()
    with servers(), tempfile.TemporaryDirectory() as folder:
        _topics()
        files = {name: Path(folder, f"{name}.csv") for name in ("new", "changed")}
        for name, file in files.items():
            write(file, options.rows, changed=name == "changed")
        spent = {
            "all new": run(files["new"]),
            "all merging, all changed": run(files["changed"]),
            "all known, nothing new": run(files["changed"]),
        }
        _check(options.rows)
        _show(
            options.rows,
            files["new"],
            spent,
            {"COPY, no index": copied(files["new"]), "csv module": read(files["new"])},
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    if options.rows < 1:
        parser.error("rows are 1 or more")
    return options


def _topics() -> None:
    from subscribers.models import Topic

    for slug in TOPICS:
        Topic.objects.create(slug=slug, name=slug.title())


def write(file: Path, rows: int, *, changed: bool) -> None:
    """Write people, in an order that is none of the address's; where `changed`, the same with another name and company."""
    numbers = list(range(rows))
    random.Random(7).shuffle(numbers)
    drawn = random.Random(11)
    with file.open("w", encoding="utf-8", newline="") as text:
        lines = csv.writer(text)
        lines.writerow(HEADER)
        for number in numbers:
            country, language, zone = PLACES[number % len(PLACES)]
            topics = "; ".join(topic for topic in TOPICS if drawn.random() < 0.4)
            first, company = (
                ("Zoë", "Nordwind") if changed else (f"Mei {number % 1000}", f"Firm {number % 500}")
            )
            lines.writerow(
                (
                    f"reader{number}@firm{number % 500}.example.com",
                    first,
                    "Tan",
                    country,
                    language,
                    zone,
                    topics,
                    company,
                    "senior",
                )
            )


def run(file: Path) -> Spent:
    """Import a file to the list `bench` in a process of its own."""
    before, started = _postgres(), time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "mailer", "import", str(file), "--list", "bench", "--create"],
        stdout=subprocess.DEVNULL,
    ) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - started
    if child.returncode:
        raise SystemExit(f"The import ended with {child.returncode}.")
    return Spent(seconds, used.ru_utime + used.ru_stime, _postgres() - before, _bytes(used))


def copied(file: Path) -> float:
    """Seconds of a plain COPY of the file into a table without index or constraint."""
    from django.db import connection

    columns = ", ".join(f"c{number} text" for number in range(len(HEADER)))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE plain_rows ({columns})")
        started = time.monotonic()
        with file.open("rb") as data, cursor.copy("COPY plain_rows FROM STDIN (FORMAT csv, HEADER)") as copy:
            while piece := data.read(1_000_000):
                copy.write(piece)
        seconds = time.monotonic() - started
        cursor.execute("DROP TABLE plain_rows")
    return seconds


def read(file: Path) -> float:
    """Seconds of Python's csv module to read the file."""
    started = time.monotonic()
    with file.open(encoding="utf-8", newline="") as text:
        for _ in csv.reader(text):
            pass
    return time.monotonic() - started


def _postgres() -> float:
    """CPU seconds of the server and of all that served connections so far."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        server = psutil.Process(psutil.Process(cursor.fetchone()[0]).ppid())
    times = [server.cpu_times(), *(child.cpu_times() for child in server.children())]
    return sum(each.user + each.system for each in times) + times[0].children_user + times[0].children_system


def _bytes(used: resource.struct_rusage) -> int:
    return used.ru_maxrss * (1 if platform.system() == "Darwin" else 1024)


def _check(rows: int) -> None:
    from subscribers.models import Consent, Import, Subscriber, Subscription

    found = (Subscriber.objects.count(), Subscription.objects.count(), Consent.objects.count())
    changed, again = Import.objects.order_by("id")[1:3]
    if (
        found != (rows,) * 3
        or changed.counts["merged_with_store"] != rows
        or again.counts["unchanged"] != rows
    ):
        raise SystemExit(f"The store holds {found} instead of {rows} each: {changed.counts}, {again.counts}")


def _show(rows: int, file: Path, spent: dict[str, Spent], baselines: dict[str, float]) -> None:
    title = f"{rows:,} rows, {file.stat().st_size / 1e6:.0f} MB; {os.cpu_count()} cores, {platform.machine()}"
    table = Table(Column("", no_wrap=True), title=title, title_justify="left")
    headings = (
        "seconds",
        "rows a second",
        "CPU s: import",
        "PostgreSQL",
        "peak MB",
        *(f"times {name}" for name in baselines),
    )
    for heading in headings:
        table.add_column(heading, justify="right")
    for name, each in spent.items():
        table.add_row(
            name,
            *(
                f"{each.seconds:.2f}",
                f"{rows / each.seconds:,.0f}",
                f"{each.own:.2f}",
                f"{each.postgres:.2f}",
            ),
            f"{each.memory / 1e6:.0f}",
            *(f"{each.seconds / seconds:.1f}" for seconds in baselines.values()),
        )
    for name, seconds in baselines.items():
        table.add_row(name, f"{seconds:.2f}", f"{rows / seconds:,.0f}")
    console.print(table)
    if rows >= 1_000_000:
        slowest = max(each.seconds for each in spent.values()) * 1_000_000 / rows
        console.print(f"The slowest takes {slowest:.1f} s for a million rows (it may take {LIMIT}).")


if __name__ == "__main__":
    main()
