"""All metrics of the installation, as Prometheus reads them. Names and units: https://prometheus.io/docs/practices/naming/

Each source is read by itself: while one of them is away, the others are told, and `mailer_source_up` says which it is.
"""

from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version

import redis
import structlog
from django.core.cache import cache
from django.db import Error
from kombu.exceptions import OperationalError
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from mailer.delivery.pacing.pace import pace
from mailer.delivery.tasks import SWEPT_AT
from mailer.health.queues import queue_lengths
from mailer.health.state import state
from mailer.vitals import flows
from mailer.vitals.pulse import pulses

log = structlog.get_logger()


def exposition() -> bytes:
    """The page that Prometheus reads, in its text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Everything())
    return generate_latest(registry)


class Everything(Collector):
    """Reads every source each time it is asked."""

    def collect(self) -> Iterator[Metric]:
        """All metrics. None is kept between two calls."""
        yield InfoMetricFamily("mailer_build", "What runs here", value={"version": version("mailer")})
        sources: dict[str, Callable[[], Iterable[Metric]]] = {
            "postgresql": state,
            "queue": _queues,
            "redis": _of_redis,
        }
        up = GaugeMetricFamily("mailer_source_up", "Whether the source of figures answers", labels=["source"])
        for source, read in sources.items():
            try:
                yield from list(read())
            except (Error, redis.RedisError, OperationalError) as error:
                log.warning("metrics_source_away", source=source, error=type(error).__name__)
                up.add_metric([source], 0)
            else:
                up.add_metric([source], 1)
        yield up


def _queues() -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "mailer_queue_tasks", "Tasks that wait for a worker, by queue", labels=["queue"]
    )
    for name, length in queue_lengths().items():
        family.add_metric([name], length)
    yield family


def _of_redis() -> Iterator[Metric]:
    yield from _processes()
    yield from _pace()
    yield from _flows()


def _processes() -> Iterator[Metric]:
    found = pulses()
    alive = GaugeMetricFamily("mailer_processes_alive", "Processes that are at work", labels=["what"])
    for what in ("worker", "beat"):
        alive.add_metric([what], sum(pulse.alive for pulse in found if pulse.what == what))
    yield alive
    last = GaugeMetricFamily(
        "mailer_process_heartbeat_timestamp_seconds",
        "When a process last said that it is at work, as unix time",
        labels=["what", "name"],
    )
    for pulse in found:
        last.add_metric([pulse.what, pulse.name], pulse.at)
    yield last
    yield GaugeMetricFamily(
        "mailer_last_sweep_timestamp_seconds",
        "When a worker last looked what is due, as unix time; 0: never. Beat asks for it every 2 seconds",
        value=float(cache.get(SWEPT_AT) or 0),
    )


def _pace() -> Iterator[Metric]:
    now = pace().look()
    yield GaugeMetricFamily(
        "mailer_requests_in_flight",
        "Requests to SendGrid under way with mail, of all workers",
        value=now.in_flight,
    )
    yield GaugeMetricFamily(
        "mailer_requests_allowed", "Requests that may be under way at once at the moment", value=now.allowed
    )
    yield GaugeMetricFamily(
        "mailer_rate_limit_recipients_per_second",
        "Recipients a second that may be submitted at the moment; NaN: no limit",
        value=float("nan") if now.rate is None else now.rate,
    )
    yield GaugeMetricFamily(
        "mailer_pace_closed_seconds",
        "Seconds until the time that SendGrid gave for the next request; 0: none",
        value=now.closed_for,
    )


def _flows() -> Iterator[Metric]:
    amounts = flows.read()
    for counter in flows.COUNTERS:
        grown = CounterMetricFamily(counter.name, counter.help, labels=counter.labels)
        for labels, amount in flows.counted(counter, amounts).items():
            grown.add_metric(labels, amount)
        yield grown
    for histogram in flows.HISTOGRAMS:
        spread = HistogramMetricFamily(histogram.name, histogram.help, labels=histogram.labels)
        for labels, found in flows.measured(histogram, amounts).items():
            spread.add_metric(labels, list(found.buckets), found.seconds)
        yield spread
