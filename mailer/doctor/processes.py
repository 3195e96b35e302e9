"""The processes that do the work: workers answer through the queue, beat is known by its pulse and what came of it."""

import time
from collections.abc import Iterator, Mapping, Sequence

from django.core.cache import cache
from redis import RedisError

from mailer.config.celery import app
from mailer.delivery.queues import queues
from mailer.delivery.tasks import SWEPT_AT
from mailer.doctor.installation import Installation
from mailer.doctor.result import CannotSee, Check, Verdict, fine, wrong
from mailer.local.management.commands.alive import SILENCE
from mailer.vitals.pulse import pulses

SUBJECT = "Processes"
LIMIT = 2.0
"""Seconds in which a worker answers. A busy one does too: its threads are busy, not its ear."""


def checks(_: Installation) -> Iterator[Check]:
    """Workers and beat; the site has a subject of its own."""
    yield Check(SUBJECT, "workers", _workers)
    yield Check(SUBJECT, "beat", _beat)


def _workers() -> Verdict:
    try:
        answers = app.control.inspect(timeout=LIMIT).active_queues() or {}
    except Exception as error:  # each transport has its own
        raise CannotSee(
            f"The queue does not answer ({type(error).__name__}).", "See the subject Queue."
        ) from error
    return judge_workers({node: [queue["name"] for queue in taken] for node, taken in answers.items()})


def judge_workers(answers: Mapping[str, Sequence[str]]) -> Verdict:
    """`answers` are the queues that each worker takes from, by its name."""
    if not answers:
        return wrong(
            f"None answered within {LIMIT:.0f} seconds: nothing is sent, and no event is counted.",
            "Start at least one: mailer worker",
        )
    names = ", ".join(sorted(answers))
    missing = set(queues()).difference(*answers.values())
    if missing:
        return wrong(
            f"{names}; nobody takes from the {'queue' if len(missing) == 1 else 'queues'} {', '.join(sorted(missing))}.",
            "Start workers with: mailer worker, which takes from all of them.",
        )
    return fine(f"{len(answers)}: {names}.")


def _beat() -> Verdict:
    try:
        beats = [pulse.name for pulse in pulses() if pulse.what == "beat" and pulse.alive]
        swept_at = cache.get(SWEPT_AT)
    except RedisError as error:
        raise CannotSee(
            f"Redis does not answer ({type(error).__name__}).", "See the subject Queue."
        ) from error
    return judge_beat(beats, None if swept_at is None else max(0.0, time.time() - swept_at))


def judge_beat(names: Sequence[str], silent: float | None) -> Verdict:
    """`names` are those of the beats at work, `silent` the seconds since the last sweep; None: there never was any."""
    if not names:
        return wrong("None is at work: neither schedules nor retries move.", "Start one: mailer beat")
    at_work = ", ".join(names)
    if silent is None or silent > SILENCE:
        since = "Nothing was ever swept" if silent is None else f"Nothing was swept for {silent:,.0f} seconds"
        return wrong(
            f"{since}, though beat is at work ({at_work}): no worker does what it hands out.", "See: workers."
        )
    if len(names) > 1:
        return fine(
            f"{len(names)} are at work ({at_work}).",
            "Keep one: each hands out everything, which is done once.",
        )
    return fine(f"{at_work}; the last sweep was {silent:.0f} seconds ago.")
