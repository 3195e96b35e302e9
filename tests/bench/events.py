"""Events stored a second, and besides folded a second, over HTTP; and django-anymail's webhook in the same run.

    python -m tests.bench.events [--seconds 60] [--rate 22000] [--recipients 1000000] [--connections 50] [--workers 2]

A send to --recipients people who all have it, in the ledger; posts about it as SendGrid's servers post them
(event_posts.py): signed, up to 768 KB, events and posts repeated, many connections at once. `mailer web` takes them,
workers with beat fold them at the same time. --rate 0 posts as fast as it is taken.

Baseline: the same posts to django-anymail's view with a receiver that saves each event with the ORM, on the same
PostgreSQL, served in the same way, as fast as it takes them, with nothing else running. It folds nothing.

PostgreSQL, Redis and who posts share the machine.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from mailer.local import embedded
from mailer.local.processes import Process, running
from mailer.local.waiting import wait_until
from tests.bench import event_posts, event_split
from tests.bench.event_ledger import ledger
from tests.bench.installation import servers
from tests.bench.machine import OTHERS, peak_memory, spent_by
from tests.tracking.posts import public

LIMIT = 120
"""Seconds for everything to be folded."""
console = Console(width=130)


@dataclass(frozen=True)
class Measured:
    """What was posted, how far folding was behind at the end of it, seconds until all was folded, CPU seconds and the
    most bytes of memory by process."""

    told: dict[str, Any]
    behind: int
    most_behind: int
    folded_after: float
    cpu: dict[str, float]
    memory: dict[str, int | None]


def main() -> None:
    options = _options()
    with servers() as addresses:
        os.environ["SENDGRID_WEBHOOK_KEYS"] = public()
        people, urls = ledger(options.recipients)
        wanted = int((options.rate or 40_000) * options.seconds)
        folder = embedded.var_folder()
        alone = event_posts.write_posts(
            folder / "alone.posts", people[: len(people) // 10], urls, options.alone, seed=8
        )
        event_split.show(console, alone)
        posts = event_posts.write_posts(
            folder / "events.posts", people[len(people) // 10 :], urls, wanted, most=options.most_bytes
        )
        console.print(
            f"{posts.events:,} events in {len(posts.posts):,} posts, {posts.file.stat().st_size / posts.events:,.0f} "
            f"bytes an event; {posts.distinct:,} of them for the first time.\n"
        )
        measured = _measure(addresses, posts, options)
        _show(measured, options)
        _check(posts, alone, measured)
        baseline = _baseline(addresses, posts, options)
        _show_beside(measured, baseline)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument(
        "--rate", type=float, default=22_000, help="events a second; 0: as fast as they are taken"
    )
    parser.add_argument("--recipients", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--most-bytes", type=int, default=event_posts.MOST_BYTES, help="of a post")
    parser.add_argument("--alone", type=int, default=60_000, help="events of the table of steps")
    parser.add_argument("--baseline-seconds", type=float, default=10)
    return parser.parse_args()


def _measure(
    addresses: embedded.Addresses, posts: event_posts.Posts, options: argparse.Namespace
) -> Measured:
    """Post, and fold at the same time."""
    from mailer.tracking.lag import lag

    port = addresses.ports["web"]
    workers = [f"worker{number}" for number in range(1, options.workers + 1)]
    wanted = [
        Process("web", ["web", f"--port={port}"]),
        *(Process(name, ["worker", f"--name={name}"]) for name in workers),
        Process("beat", ["beat"]),
    ]
    with running(wanted, embedded.var_folder() / "log") as started:
        if not wait_until(lambda: started["web"].listens(port), LIMIT):
            raise SystemExit(f"The site does not listen on port {port}. See {started['web'].log}")
        pids = {process.name: _pid(process.command) for process in wanted}
        before = spent_by(pids)
        began = time.perf_counter()
        most_behind = 0
        child = _poster(posts.file, f"http://127.0.0.1:{port}/webhooks/sendgrid/events", options)
        while child.poll() is None:
            most_behind = max(most_behind, lag().events)
            for each in started.values():
                each.check()
            time.sleep(0.5)
        behind = lag().events
        told = json.loads(child.communicate()[0])
        if not wait_until(lambda: lag().posts == 0 or any(each.check() for each in started.values()), LIMIT):
            raise SystemExit(f"Not everything was folded within {LIMIT} s: {lag()}")
        folded_after = time.perf_counter() - began
        cpu = {name: seconds - before[name] for name, seconds in spent_by(pids).items()}
        cpu["who posts"] = told["cpu"]
        cpu[OTHERS] -= told["cpu"]
        memory = {name: _peak_memory(pids[name]) for name in ("web", *workers)}
    return Measured(told, behind, max(behind, most_behind), folded_after, cpu, memory)


def _pid(command: list[str]) -> int:
    found = {tuple(child.cmdline()): child.pid for child in psutil.Process().children()}
    return found[tuple(command)]


def _peak_memory(pid: int) -> int | None:
    """Of a process, or of its largest child: granian serves in a process of its own."""
    process = psutil.Process(pid)
    return max((peak_memory(each.pid) or 0 for each in (process, *process.children())), default=0) or None


def _poster(
    file: Path, url: str, options: argparse.Namespace, *, rate: float | None = None, seconds: float = 0
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.bench.event_poster", str(file), url),
            *("--connections", str(options.connections), "--seconds", str(seconds)),
            *("--rate", str(options.rate if rate is None else rate)),
        ],
        stdout=subprocess.PIPE,
    )


def _check(posts: event_posts.Posts, alone: event_posts.Posts, measured: Measured) -> None:
    """Nothing was lost, and nothing was counted twice."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT sg_event_id) FROM tracking_event")
        kept, distinct = cursor.fetchone()
    wanted = posts.distinct + alone.distinct
    if not kept == distinct == wanted or measured.told["events"] != posts.events:
        raise SystemExit(
            f"{wanted:,} events were posted, and {kept:,} are kept, {distinct:,} different ones."
        )
    console.print(f"Nothing was lost: each of the {posts.distinct:,} different events is kept, once.\n")


def _baseline(
    addresses: embedded.Addresses, posts: event_posts.Posts, options: argparse.Namespace
) -> dict[str, Any]:
    """What the same posts come to at django-anymail's view."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS baseline")
        cursor.execute("CREATE DATABASE baseline")
    where = {**connection.settings_dict, "NAME": "baseline"}
    parts = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    port = addresses.ports["web"]
    os.environ["BASELINE_DATABASE"] = " ".join(
        f"{name}='{where[key]}'" for name, key in parts.items() if where[key]
    )
    os.environ["BASELINE_KEY"] = public()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.anymail_webhook", f"--port={port}"], stdout=subprocess.DEVNULL
    ) as server:
        try:
            process = psutil.Process(server.pid)
            if not wait_until(lambda: _listens(process, port), LIMIT):
                raise SystemExit("The baseline does not start.")
            child = _poster(
                posts.file,
                f"http://127.0.0.1:{port}/events",
                options,
                rate=0,
                seconds=options.baseline_seconds,
            )
            told: dict[str, Any] = json.loads(child.communicate()[0])
        finally:
            server.terminate()
    return told


def _listens(process: psutil.Process, port: int) -> bool:
    return any(
        each.status == psutil.CONN_LISTEN and each.laddr.port == port
        for one in (process, *process.children())
        for each in one.net_connections("tcp")
    )


def _show(measured: Measured, options: argparse.Namespace) -> None:
    told = measured.told
    events, seconds = told["events"], told["seconds"]
    table = Table(
        "",
        title=f"Stored and folded at the same time, {options.connections} connections",
        title_justify="left",
    )
    for heading in ("events", "seconds", "events a second"):
        table.add_column(heading, justify="right")
    table.add_row("stored", f"{events:,}", f"{seconds:.1f}", f"{events / seconds:,.0f}")
    folded = events - measured.behind
    table.add_row("folded by then", f"{folded:,}", f"{seconds:.1f}", f"{folded / seconds:,.0f}")
    table.add_row(
        "all folded", f"{events:,}", f"{measured.folded_after:.1f}", f"{events / measured.folded_after:,.0f}"
    )
    console.print(table)
    console.print(
        f"Waiting when the last post was answered: {measured.behind:,} events, {measured.most_behind:,} at most. "
        f"Slowest answer: {told['slowest']:.2f} s. Posted again: {told['refused']:,} times.\n"
    )
    split = Table("", title="CPU", title_justify="left")
    for heading in ("seconds", "µs per event"):
        split.add_column(heading, justify="right")
    others = measured.cpu.pop(OTHERS)
    for name, spent in {**measured.cpu, "together": sum(measured.cpu.values()), OTHERS: others}.items():
        split.add_row(name, f"{spent:.2f}", f"{spent / events * 1e6:.1f}")
    console.print(split)
    for name, peak in measured.memory.items():
        console.print(
            f"Peak memory of {name}: {'not told by this system' if peak is None else f'{peak / 1e6:.0f} MB'}"
        )
    console.print()


def _show_beside(measured: Measured, baseline: dict[str, Any]) -> None:
    ours = measured.told["events"] / measured.told["seconds"]
    folded = measured.told["events"] / measured.folded_after
    theirs = baseline["events"] / baseline["seconds"]
    table = Table("", title="Beside the baseline", title_justify="left")
    for heading in ("events", "events a second", "mailer's to it"):
        table.add_column(heading, justify="right")
    table.add_row("mailer, stored", f"{measured.told['events']:,}", f"{ours:,.0f}", f"{ours / theirs:.1f}")
    table.add_row(
        "mailer, stored and folded",
        f"{measured.told['events']:,}",
        f"{folded:,.0f}",
        f"{folded / theirs:.1f}",
    )
    table.add_row("django-anymail, saved with the ORM", f"{baseline['events']:,}", f"{theirs:,.0f}", "1.0")
    console.print(table)


if __name__ == "__main__":
    main()
