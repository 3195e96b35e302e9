"""The pulse of workers and beat: each writes into Redis, every few seconds, that it is at work."""

import socket
import time
from dataclasses import dataclass
from typing import Any

import redis
import structlog
from celery import bootsteps
from celery.beat import Scheduler

from mailer.vitals.store import store

log = structlog.get_logger()

KEY = "mailer:pulses"
"""A sorted set in Redis: processes by the time of their last beat, in unix seconds of Redis's clock."""
EVERY = 5.0
"""Seconds between two beats."""
DEAD_AFTER = 20.0
"""Seconds without a beat after which a process counts as dead."""
FORGOTTEN_AFTER = 3600.0
"""Seconds without a beat after which a process is not listed any more."""


@dataclass(frozen=True)
class Pulse:
    """The last beat of a process: what it is (worker or beat), its name, how many seconds ago it was, and when."""

    what: str
    name: str
    ago: float
    at: float

    @property
    def alive(self) -> bool:
        return self.ago <= DEAD_AFTER


def pulses() -> list[Pulse]:
    """The processes that are at work, or were in the last hour.

    Raises:
        redis.RedisError: Redis does not answer.
    """
    with store().pipeline(transaction=False) as pipeline:
        pipeline.time()
        pipeline.zrange(KEY, 0, -1, withscores=True)
        (seconds, microseconds), beats = pipeline.execute()
    now = seconds + microseconds / 1e6
    found = []
    for process, at in beats:
        what, _, name = process.partition(":")
        if now - at <= FORGOTTEN_AFTER:
            found.append(Pulse(what, name, max(0.0, now - at), at))
    return found


def beat(what: str, name: str) -> None:
    """Say that a process is at work. Nothing is raised when Redis is away: then others miss the beat."""
    try:
        seconds, _ = store().time()
        with store().pipeline(transaction=False) as pipeline:
            pipeline.zadd(KEY, {f"{what}:{name}": seconds})
            pipeline.zremrangebyscore(KEY, "-inf", seconds - FORGOTTEN_AFTER)
            pipeline.execute()
    except redis.RedisError as error:
        log.warning("pulse_not_written", what=what, error=type(error).__name__)


def end(what: str, name: str) -> None:
    """Say that a process takes nothing more."""
    try:
        store().zrem(KEY, f"{what}:{name}")
    except redis.RedisError as error:
        log.warning("pulse_not_written", what=what, error=type(error).__name__)


class WorkerPulse(bootsteps.StartStopStep):
    """Beats in the loop in which a worker waits for tasks: it stops where that hangs, or where the queue is lost."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, consumer: Any) -> None:
        beat("worker", consumer.hostname)
        consumer.pulse = consumer.timer.call_repeatedly(EVERY, beat, ("worker", consumer.hostname))

    def stop(self, consumer: Any) -> None:
        if timer := getattr(consumer, "pulse", None):
            timer.cancel()
            end("worker", consumer.hostname)


class BeatingScheduler(Scheduler):
    """Beat's scheduler, which beats as it looks what is due."""

    _beat_at = float("-inf")

    def tick(self, *args: Any, **options: Any) -> float:
        """Hand out what is due. Returns the seconds until something is due again."""
        wait: float = super().tick(*args, **options)
        if time.monotonic() - self._beat_at >= EVERY:
            self._beat_at = time.monotonic()
            beat("beat", socket.gethostname())
        return wait
