"""The checks, run at once: one that fails or hangs keeps none of the others from its answer."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence

import structlog
from django.db import connections

from mailer.doctor import (
    alignment,
    branding,
    broker,
    configuration,
    database,
    dkim,
    dmarc,
    key,
    processes,
    replies,
    sender,
    site,
    spf,
    tracking,
    webhook,
)
from mailer.doctor.installation import Installation
from mailer.doctor.result import CannotSee, Check, Result, State

log = structlog.get_logger()

AT_ONCE = 16
"""Checks: nearly all of what they do is to wait."""
PATIENCE = 60.0
"""Seconds without any answer after which the rest counts as not seen. Every check has shorter limits of its own."""
SUBJECTS = (
    configuration,
    database,
    broker,
    processes,
    site,
    key,
    webhook,
    tracking,
    sender,
    spf,
    dkim,
    dmarc,
    alignment,
    replies,
    branding,
)
"""Each gives its checks for an installation."""


def all_checks(installation: Installation) -> list[Check]:
    """Everything there is to look at, in the order in which it is shown."""
    return [check for subject in SUBJECTS for check in subject.checks(installation)]


def run(
    checks: Sequence[Check],
    printable: Callable[[str], str],
    patience: float = PATIENCE,
) -> Iterator[tuple[int, Result]]:
    """Run the checks, and give each result with the place of its check as soon as it is there.

    Args:
        printable: makes a text fit to be shown.
        patience: seconds to wait for the next result. Those that are missing then could not be seen.
    """
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    answers: queue.SimpleQueue[tuple[int, Result]] = queue.SimpleQueue()
    missing = dict(enumerate(checks))
    for place in missing:
        waiting.put(place)

    def work() -> None:
        try:
            while True:
                place = waiting.get_nowait()
                answers.put((place, look(checks[place], printable)))
        except queue.Empty:
            connections.close_all()

    # Daemons: what hangs in the system's resolver, say, must not keep the command from its end.
    for _ in range(min(AT_ONCE, len(checks))):
        threading.Thread(target=work, name="doctor", daemon=True).start()
    while missing:
        try:
            place, result = answers.get(timeout=patience)
        except queue.Empty:
            break
        del missing[place]
        yield place, result
    for place, check in missing.items():
        seen = f"No answer within {patience:.0f} seconds."
        yield place, Result(check.subject, check.name, State.UNSEEN, seen, "Try again.")


def look(check: Check, printable: Callable[[str], str]) -> Result:
    """The result of one check, whatever it does."""
    try:
        verdict = check.look()
        state, seen, todo = verdict.state, verdict.seen, verdict.todo
    except CannotSee as failure:
        state, seen, todo = State.UNSEEN, str(failure), failure.todo
    except Exception as error:
        # Never the error's own text: it may quote anything.
        state, seen = State.UNSEEN, f"The check itself failed ({type(error).__name__})."
        todo = "Tell the developers of mailer, with the line of the log that says doctor_check_failed."
        log.error("doctor_check_failed", check=check.name, exc_info=True)
    return Result(check.subject, check.name, state, printable(seen), printable(todo))
