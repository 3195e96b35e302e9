"""Numbers that only the processes know as things happen, counted over all of them in Redis: posts, requests, folding.

An act adds what it did in one round trip, and never fails or waits because Redis is away. Where Redis is emptied they
start again at 0, which Prometheus takes for the restart that it is.
"""

import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

import redis
import structlog

from mailer.vitals.store import store

log = structlog.get_logger()

KEY = "mailer:flows"
"""A hash in Redis: by name and labels, what was counted."""
SILENCE = 5.0
"""Seconds for which nothing is counted after Redis did not answer."""
SUM = "sum"
"""In the place of a bucket: what was measured, added up."""

Steps = dict[str, int | float]
"""What an act adds: an amount by field of the hash."""


@dataclass(frozen=True)
class Counter:
    """A number that only grows, for each combination of labels. Labels hold what we wrote, never what came from outside."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def more(self, amount: int, *labels: str) -> Steps:
        """So many more."""
        return {_field(self.name, *labels): amount} if amount else {}

    def one(self, *labels: str) -> Steps:
        """One more."""
        return self.more(1, *labels)


@dataclass(frozen=True)
class Histogram:
    """How long something took. `buckets` are upper bounds in seconds, ascending; what took longer counts in +Inf."""

    name: str
    help: str
    buckets: tuple[float, ...]
    labels: tuple[str, ...] = ()

    def took(self, seconds: float, *labels: str) -> Steps:
        """Once more, so long."""
        place = bisect_left(self.buckets, seconds)
        return {
            _field(self.name, *labels, str(place)): 1,
            _field(self.name, *labels, SUM): float(seconds),
        }


POSTS = Counter(
    "mailer_webhook_posts", "Posts to the event webhook, by the status they were answered with", ("status",)
)
EVENTS_RECEIVED = Counter(
    "mailer_webhook_events", "Events in the posts that were kept, those that SendGrid repeats included"
)
EVENTS_FOLDED = Counter(
    "mailer_events_folded", "Events that were folded for the first time, by kind", ("kind",)
)
EVENTS_KNOWN = Counter(
    "mailer_events_known", "Events that came again after they were folded, and changed nothing"
)
FOLD_SECONDS = Histogram(
    "mailer_fold_seconds",
    "How long one transaction of folding took",
    (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
REQUESTS = Counter(
    "mailer_sendgrid_requests",
    "Requests to SendGrid, by endpoint and answer: the HTTP status, or how far a request got that had none",
    ("endpoint", "answer"),
)
REQUEST_SECONDS = Histogram(
    "mailer_sendgrid_request_seconds",
    "How long requests to SendGrid took, by endpoint",
    (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
    ("endpoint",),
)
SUBMISSIONS = Counter(
    "mailer_submissions",
    "Submissions of batches and letters, by what came of them and the HTTP status",
    ("what", "outcome", "status"),
)
RECIPIENTS = Counter(
    "mailer_recipients_submitted", "Recipients of submissions, by what came of those", ("what", "outcome")
)
TASKS_FAILED = Counter("mailer_tasks_failed", "Tasks of workers that ended with an error, by task", ("task",))

COUNTERS = (
    POSTS,
    EVENTS_RECEIVED,
    EVENTS_FOLDED,
    EVENTS_KNOWN,
    REQUESTS,
    SUBMISSIONS,
    RECIPIENTS,
    TASKS_FAILED,
)
HISTOGRAMS = (FOLD_SECONDS, REQUEST_SECONDS)

_silent_until = 0.0


def add(*steps: Steps) -> None:
    """Add what an act did. When Redis does not answer it is not counted, and no further try is made for a while."""
    global _silent_until
    amounts = [(field, amount) for some in steps for field, amount in some.items()]
    if not amounts or time.monotonic() < _silent_until:
        return
    try:
        with store().pipeline(transaction=False) as pipeline:
            for field, amount in amounts:
                if isinstance(amount, int):
                    pipeline.hincrby(KEY, field, amount)
                else:
                    pipeline.hincrbyfloat(KEY, field, amount)
            pipeline.execute()
    except redis.RedisError as error:
        _silent_until = time.monotonic() + SILENCE
        log.warning("flows_not_counted", error=type(error).__name__, silent_for=SILENCE)


@dataclass(frozen=True)
class Measured:
    """A histogram as Prometheus wants it: how many took at most so long, by bound, and all of it in seconds."""

    buckets: tuple[tuple[str, float], ...]
    seconds: float


def read() -> Mapping[str, float]:
    """All that was counted, by field.

    Raises:
        redis.RedisError: Redis does not answer.
    """
    return {str(field): float(amount) for field, amount in store().hgetall(KEY).items()}


def counted(counter: Counter, amounts: Mapping[str, float]) -> dict[tuple[str, ...], float]:
    """What a counter stands at, by labels. One without labels stands at 0 before anything happened."""
    found = dict(_of(counter.name, amounts))
    return found or ({} if counter.labels else {(): 0.0})


def measured(histogram: Histogram, amounts: Mapping[str, float]) -> dict[tuple[str, ...], Measured]:
    """What a histogram stands at, by labels."""
    by_labels: dict[tuple[str, ...], dict[str, float]] = {} if histogram.labels else {(): {}}
    for (*labels, place), amount in _of(histogram.name, amounts):
        by_labels.setdefault(tuple(labels), {})[place] = amount
    return {labels: _measured(histogram, found) for labels, found in by_labels.items()}


def _measured(histogram: Histogram, found: Mapping[str, float]) -> Measured:
    bounds = [*map(str, histogram.buckets), "+Inf"]
    up_to = accumulate(found.get(str(place), 0.0) for place in range(len(bounds)))
    return Measured(tuple(zip(bounds, up_to, strict=True)), found.get(SUM, 0.0))


def _field(*parts: str) -> str:
    return "|".join(parts)


def _of(name: str, amounts: Mapping[str, float]) -> Iterable[tuple[tuple[str, ...], float]]:
    for field, amount in amounts.items():
        first, *labels = field.split("|")
        if first == name:
            yield tuple(labels), amount
