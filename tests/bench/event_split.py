"""What the steps of storing and folding cost: in this process, one post after another, with nothing else going on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import psutil
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from tests.bench.event_posts import Posts

STEPS = {
    "mailer.tracking.fold:_take": "read posts",
    "mailer.tracking.fold:without_the_erased": "look for people who are erased",
    "mailer.tracking.fold:_keep": "keep events",
    "mailer.tracking.fold:act": "consequences",
    "mailer.tracking.facts:_lock": "lock deliveries",
    "mailer.tracking.facts:_write_deliveries": "write deliveries",
    "mailer.tracking.facts:write_clicks": "keep clicks",
    "mailer.tracking.facts:mark_clicks": "tell clicks apart",
}
"""Functions that are timed, by the names by which their callers find them. None calls another one of them."""
REST = "understand events, commit"


@dataclass
class Spent:
    """Seconds, and seconds of CPU here and in PostgreSQL."""

    seconds: float = 0.0
    python: float = 0.0
    postgres: float = 0.0

    def add(self, other: Spent, sign: int = 1) -> None:
        self.seconds += sign * other.seconds
        self.python += sign * other.python
        self.postgres += sign * other.postgres


class Clock:
    """Adds up what acts take of this thread and of the backend that serves it."""

    def __init__(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self._backend = psutil.Process(cursor.fetchone()[0])
        self.spent: dict[str, Spent] = {}

    def run(self, name: str, act: Callable[..., Any], *args: Any) -> Any:
        before = self._now()
        try:
            return act(*args)
        finally:
            spent = self._now()
            spent.add(before, -1)
            self.spent.setdefault(name, Spent()).add(spent)

    def _now(self) -> Spent:
        times = self._backend.cpu_times()
        return Spent(time.perf_counter(), time.thread_time(), times.user + times.system)


def show(console: Console, posts: Posts) -> None:
    """Verify, store and fold these posts, and print the split."""
    from mailer.sendgrid.signature import verify
    from mailer.tracking.fold import fold_events
    from mailer.tracking.intake import store
    from tests.bench.event_posts import STAMP
    from tests.tracking.posts import public

    data = posts.file.read_bytes()
    bodies = [(data[post.offset : post.offset + post.size], post.signature) for post in posts.posts]

    def verify_all() -> None:
        assert all(verify([public()], signature, STAMP, body) for body, signature in bodies)

    def store_all() -> None:
        for body, _ in bodies:
            store(body)

    def fold_all() -> None:
        while fold_events():
            pass

    clock = Clock()
    clock.run("verify signatures", verify_all)
    clock.run("store", store_all)
    with _steps(clock):
        clock.run("fold", fold_all)
    table = Table(
        "",
        title=f"{posts.events:,} events, one post after another, nothing else running",
        title_justify="left",
    )
    for heading in ("seconds", "µs an event", "of Python's CPU", "of PostgreSQL's CPU", "events a second"):
        table.add_column(heading, justify="right")
    rest = Spent(**vars(clock.spent["fold"]))
    for name in STEPS.values():
        rest.add(clock.spent.get(name, Spent()), -1)
    steps = {name: clock.spent.get(name, Spent()) for name in STEPS.values()} | {REST: rest}
    for name in ("verify signatures", "store", "fold"):
        table.add_row(
            *_cells(name, clock.spent[name], posts.events), f"{posts.events / clock.spent[name].seconds:,.0f}"
        )
    for name, spent in steps.items():
        table.add_row(*_cells(f"  {name}", spent, posts.events), "")
    console.print(table)
    console.print()


def _cells(name: str, spent: Spent, events: int) -> list[str]:
    each = (spent.seconds, spent.python, spent.postgres)
    return [name, f"{spent.seconds:.2f}", *(f"{seconds / events * 1e6:.1f}" for seconds in each)]


@contextmanager
def _steps(clock: Clock) -> Iterator[None]:
    """While it is entered, the functions of STEPS are timed. AttributeError: STEPS is out of date."""
    replaced = []
    for where, step in STEPS.items():
        module, _, name = where.partition(":")
        owner = import_module(module)
        act = getattr(owner, name)
        replaced.append((owner, name, act))
        setattr(owner, name, lambda *args, _act=act, _step=step: clock.run(_step, _act, *args))
    try:
        yield
    finally:
        for owner, name, act in replaced:
            setattr(owner, name, act)
