"""The baselines' way of sending: so many processes, each with a share, that start at once.

A baseline is a module with a function `sender(host, edition)`, which makes everything ready and returns a function
that sends one request to the people with these numbers.
"""

import multiprocessing
import multiprocessing.synchronize
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from mailer.sendgrid.limits import RECIPIENTS

LIMIT = 600
"""Seconds for one baseline."""

Send = Callable[[range], None]


@dataclass(frozen=True)
class Edition:
    """What a baseline sends: one of the send's own editions, with the keys of its merge tags."""

    subject: str
    html: str
    text: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Person:
    """A recipient as a baseline makes one up, with as many bytes of their own as one of mailer has."""

    number: int
    email: str
    name: str
    link: str


def person(number: int) -> Person:
    """The recipient of this number."""
    return Person(
        number,
        f"reader{number}@firm{number % 500}.example",
        f"Mei {number % 1000} Tan",
        f"https://news.example.com/u/{number:040}",
    )


def seconds(baseline: str, host: str, edition: Edition, recipients: int, processes: int) -> float:
    """Seconds that a baseline needs for so many recipients.

    Args:
        baseline: its module.
        host: where the emulator listens.
    """
    spawn = multiprocessing.get_context("spawn")
    # One request of each process comes before the measured ones: connections stand, modules are loaded.
    begin, end = spawn.Barrier(processes + 1), spawn.Barrier(processes + 1)
    share = recipients // processes
    people = [range(n * share, (n + 1) * share) for n in range(processes)]
    started = [
        spawn.Process(target=_run, args=(baseline, host, edition, each, begin, end), daemon=True)
        for each in people
    ]
    for process in started:
        process.start()
    begin.wait(LIMIT)
    began = time.perf_counter()
    end.wait(LIMIT)
    ended = time.perf_counter()
    for process in started:
        process.join()
    return (ended - began) * recipients / (share * processes)


def _run(
    baseline: str,
    host: str,
    edition: Edition,
    people: range,
    begin: multiprocessing.synchronize.Barrier,
    end: multiprocessing.synchronize.Barrier,
) -> None:
    try:
        send: Send = import_module(baseline).sender(host, edition)
        send(people[:RECIPIENTS])
        begin.wait(LIMIT)
        for first in range(0, len(people), RECIPIENTS):
            send(people[first : first + RECIPIENTS])
        end.wait(LIMIT)
    except BaseException:
        begin.abort()
        end.abort()
        raise
