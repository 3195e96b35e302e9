"""How long something takes, and the CPU that PostgreSQL spends on it."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import psutil
from django.db import connection


def median(act: Callable[[], Any], repeat: int) -> tuple[float, float]:
    """The median of so many runs in seconds, and the CPU of PostgreSQL for one of them."""
    spans, before = [], postgres_cpu()
    for _ in range(repeat):
        start = time.perf_counter()
        act()
        spans.append(time.perf_counter() - start)
    return statistics.median(spans), (postgres_cpu() - before) / repeat


def postgres_cpu() -> float:
    """Seconds of CPU so far of all PostgreSQL's processes, those that have ended among them."""
    connection.ensure_connection()
    # Not asked with a query, which may be counted.
    parent = psutil.Process(connection.connection.info.backend_pid).parent()
    assert parent is not None
    times = [process.cpu_times() for process in (parent, *parent.children())]
    return sum(each.user + each.system for each in times) + times[0].children_user + times[0].children_system
