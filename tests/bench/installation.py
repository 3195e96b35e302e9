"""An installation of its own for a benchmark: PostgreSQL, Redis, workers and the emulator, on an empty store."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from mailer.config.environment import VARIABLES
from mailer.local import embedded
from mailer.local.errors import ServerError
from mailer.local.processes import Process, running
from mailer.local.shared_servers import shut_down
from mailer.local.waiting import wait_until
from tests import prepared

THREADS = 16
"""Requests in flight of a worker, as `mailer worker` has them by default."""
LIMIT = 60
"""Seconds until the emulator listens."""


@dataclass(frozen=True)
class Installation:
    """What runs: where the emulator listens, process ids by name, the names of the workers, and their clocks."""

    emulator: str
    pids: dict[str, int]
    workers: list[str]
    clocks: dict[str, Path]


class _TimedWorker(Process):
    """A worker with a clock, see timed_worker.py."""

    @property
    def clock(self) -> Path:
        return embedded.var_folder() / f"{self.name}.clock"

    @property
    def command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "tests.bench.timed_worker"),
            *("--clock", str(self.clock)),
            *self.arguments,
        ]


@contextmanager
def servers(*, keep: bool = False) -> Iterator[embedded.Addresses]:
    """PostgreSQL and Redis in a folder of the benchmark's own; Django set up on an empty, migrated database.

    With `keep` the database is that of the last run, if there was one.

    Servers and the account that the environment names are left alone: nobody wants a million made-up people there.
    """
    for name in ("MAILER_EMBEDDED", *(variable.name for variable in VARIABLES)):
        os.environ.pop(name, None)
    folder = embedded.var_folder() / "bench"
    try:
        shut_down(folder)  # what a killed benchmark left
    except ServerError as error:
        raise SystemExit(str(error)) from error
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)  # a store of last time's people would slow this one
        folder.mkdir(parents=True)
        prepared.data_folder(folder / "postgres")
    os.environ["MAILER_VAR"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "mailer.config.settings"
    os.environ["LOG_LEVEL"] = "warning"
    with ExitStack() as ends:
        ends.enter_context(embedded.environment(os.environ))
        addresses = ends.enter_context(embedded.only_one(os.environ))
        _migrate()
        yield addresses


@contextmanager
def processes(
    addresses: embedded.Addresses, workers: int, threads: int = THREADS, *, timed: bool = False
) -> Iterator[Installation]:
    """The emulator, without a memory on disk or readers who do anything; workers, and beat.

    Args:
        threads: requests in flight of each worker.
        timed: whether the workers run with a clock.
    """
    assert addresses.emulator
    port, logs = addresses.ports["emulator"], embedded.var_folder() / "log"
    emulator = Process("emulator", ["emulator", f"--port={port}", "--no-events", "--forget"])
    kind = _TimedWorker if timed else Process
    crew = [
        kind(name, ["worker", f"--name={name}", f"--threads={threads}"])
        for name in (f"worker{n}" for n in range(1, workers + 1))
    ]
    beat = Process("beat", ["beat"])
    with running([emulator], logs) as first:
        # A request that finds nobody is tried again later, and a benchmark would measure the waiting.
        if not wait_until(lambda: first["emulator"].listens(port), LIMIT):
            raise SystemExit(f"The emulator does not listen on port {port}. See {first['emulator'].log}")
        with running([*crew, beat], logs):
            pids = _pids([emulator, *crew, beat])
            yield Installation(
                addresses.emulator,
                pids,
                [each.name for each in crew],
                {each.name: each.clock for each in crew if isinstance(each, _TimedWorker)},
            )


def _pids(wanted: list[Process]) -> dict[str, int]:
    """The process ids of these children of ours, by name."""
    found = {tuple(child.cmdline()): child.pid for child in psutil.Process().children()}
    return {process.name: found[tuple(process.command)] for process in wanted}


def _migrate() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)  # a kept one may be older than the last migration
