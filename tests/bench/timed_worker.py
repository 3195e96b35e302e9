"""A worker whose time is measured: `mailer worker` with a clock around the acts of a submission.

    python -m tests.bench.timed_worker --clock FILE worker --name worker0

mailer's own code knows nothing of it: the functions named in ACTS are replaced in this process by ones that add up
their time, once Celery has loaded them. The sums lie in a file that is mapped into memory, so the benchmark reads
them at any moment, and a killed worker loses none.
"""

import mmap
import sys
import threading
import time
from array import array
from collections.abc import Callable
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

ACTS = {
    "mailer.delivery.submit:submit": "task",
    "mailer.delivery.submit:claim": "read",
    "mailer.delivery.claim:sendable": "build",
    "mailer.delivery.claim:request_body": "build",
    "mailer.sendgrid.client:SendGrid.send_mail": "request",
    "mailer.delivery.submit:record": "mark",
    # Everything that is sent to PostgreSQL, by whatever way, waits for its answer here.
    "psycopg:Connection.wait": "database",
}
"""Which act each function is part of. Names are those by which the callers find it."""

STEPS = ("task", "read", "read, database", "build", "request", "mark", "mark, database", "other, database")


class Spent(NamedTuple):
    """What a step took so far; seconds of several threads at once are added up."""

    calls: float
    seconds: float
    cpu: float


Sums = dict[str, Spent]
WIDTH = len(Spent._fields)
SIZE = len(STEPS) * WIDTH * 8
"""Bytes of the file: these numbers for each step."""


class Clock:
    """Sums by step of calls, seconds and seconds of CPU, of all threads; what an act calls is not counted for it."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(SIZE))
        with path.open("r+b") as file:
            self._sums = memoryview(mmap.mmap(file.fileno(), SIZE)).cast("d")
        self._lock = threading.Lock()
        self._thread = threading.local()

    def around(self, act: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed as a part of this act."""

        def timed(*args: Any, **kwargs: Any) -> Any:
            above = getattr(self._thread, "act", None)
            here = self._thread.act = _Act(act, above)
            try:
                return function(*args, **kwargs)
            finally:
                self._thread.act = above
                self._add(*here.end())

        return timed

    def _add(self, step: str, seconds: float, cpu: float) -> None:
        place = STEPS.index(step) * WIDTH
        with self._lock:
            self._sums[place] += 1
            self._sums[place + 1] += seconds
            self._sums[place + 2] += cpu


class _Act:
    """One call under way."""

    def __init__(self, name: str, above: "_Act | None") -> None:
        self.name = name
        self.above = above
        self.of_others = [0.0, 0.0]
        self.began = time.perf_counter(), time.thread_time()

    def end(self) -> tuple[str, float, float]:
        """The step, and the seconds and seconds of CPU that it took by itself."""
        seconds, cpu = time.perf_counter() - self.began[0], time.thread_time() - self.began[1]
        if self.above:
            self.above.of_others[0] += seconds
            self.above.of_others[1] += cpu
        return self._step(), seconds - self.of_others[0], cpu - self.of_others[1]

    def _step(self) -> str:
        if self.name != "database":
            return self.name
        caller = f"{self.above.name}, database" if self.above else ""
        return caller if caller in STEPS else "other, database"


def read(path: Path) -> Sums:
    """What each step took, as it stands at this moment."""
    sums = array("d", path.read_bytes())
    return {step: Spent(*sums[n * WIDTH : (n + 1) * WIDTH]) for n, step in enumerate(STEPS)}


def put_around(clock: Clock) -> None:
    """Replace the functions of ACTS. Raises AttributeError for one that is not there: then ACTS is out of date."""
    for where, act in ACTS.items():
        module, _, path = where.partition(":")
        *classes, name = path.split(".")
        owner: Any = reduce(getattr, classes, import_module(module))
        setattr(owner, name, clock.around(act, getattr(owner, name)))


def main() -> None:
    from celery.signals import worker_init

    from mailer.__main__ import main as mailer

    if sys.argv[1:2] != ["--clock"] or len(sys.argv) < 4:
        sys.exit("usage: python -m tests.bench.timed_worker --clock FILE worker [ARGUMENT …]")
    clock = Clock(Path(sys.argv[2]))
    worker_init.connect(lambda **_: put_around(clock), weak=False)
    sys.argv = ["mailer", *sys.argv[3:]]
    mailer()


if __name__ == "__main__":
    main()
