"""What the processes of an installation take of the machine: CPU by kind, and the most memory a worker had."""

import os
from pathlib import Path

import psutil

from tests.bench.installation import Installation

OTHERS = "other programs and the kernel"


def cpu_seconds(installation: Installation) -> dict[str, float]:
    """Seconds of CPU so far by kind of process: the benchmark itself, which plans, among them.

    What is left of the machine's is everything else that runs on it: a measurement is good where that is little.
    """
    pids = installation.pids
    ours = {
        "this process (plan, hand out)": _of(psutil.Process(), family=False),
        "workers": sum(_of(psutil.Process(pids[name])) for name in installation.workers),
        "beat": _of(psutil.Process(pids["beat"])),
        "PostgreSQL": _of(psutil.Process(_postmaster())),
        "Redis": _of(psutil.Process(_redis())),
        "emulator": _of(psutil.Process(pids["emulator"])),
    }
    return {**ours, OTHERS: _of_all() - sum(ours.values())}


def spent_by(pids: dict[str, int]) -> dict[str, float]:
    """The same of processes by name, of PostgreSQL and of Redis."""
    ours = {
        **{name: _of(psutil.Process(pid)) for name, pid in pids.items()},
        "PostgreSQL": _of(psutil.Process(_postmaster())),
        "Redis": _of(psutil.Process(_redis())),
    }
    return {**ours, OTHERS: _of_all() - sum(ours.values())}


def _of_all() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))


def peak_memory(pid: int) -> int | None:
    """The most memory in bytes that a process ever had (VmHWM); None where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024


def _of(process: psutil.Process, *, family: bool = True) -> float:
    """Of a process, its children that live, and those that have ended."""
    times = process.cpu_times()
    seconds = times.user + times.system
    if family:
        seconds += times.children_user + times.children_system
        seconds += sum(_of(child) for child in process.children())
    return seconds


def _postmaster() -> int:
    """The parent of all processes that serve connections."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        parent = psutil.Process(cursor.fetchone()[0]).ppid()
    return int(parent)


def _redis() -> int:
    import redis

    return int(redis.Redis.from_url(os.environ["REDIS_URL"]).info("server")["process_id"])
