"""The benchmarks run, with few recipients, and say what they promise to say. How fast is not asserted."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer.local.shared_servers import shut_down
from tests.bench import timed_worker
from tests.bench.timed_worker import Clock

LIMIT = 600
"""Seconds. A benchmark of so few takes less than twenty where nothing else is going on."""


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder for servers. It is none of pytest's: PostgreSQL runs there as another user where the tests run as root."""
    with tempfile.TemporaryDirectory(prefix="mailer-bench-") as folder:
        yield Path(folder)
        if (Path(folder) / "bench").exists():
            shut_down(Path(folder) / "bench")


def _run(var: Path, benchmark: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", f"tests.bench.{benchmark}", *arguments],
        env={**os.environ, "MAILER_VAR": str(var)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _rows(said: str) -> dict[str, list[str]]:
    """The cells of each table row, by the first."""
    lines = (line.split("│")[1:-1] for line in said.splitlines() if line.startswith("│"))
    return {first.strip(): [cell.strip() for cell in rest] for first, *rest in lines}


@pytest.mark.xdist_group("bench")
def test_a_benchmark_shows_the_split_the_machine_and_the_baselines(var: Path) -> None:
    said = _run(var, "send", "--recipients=5000", "--baseline-recipients=2000")
    rows = _rows(said)
    for step in (
        "plan",
        "send",
        "build",
        "read: rows into recipients",
        "request: waiting for SendGrid",
        "mark",
    ):
        assert float(rows[step][0]) >= 0
    assert float(rows["build"][1]) > 0
    assert {"workers", "PostgreSQL", "Redis", "emulator", "together"} <= set(rows)
    assert rows["mailer"][0] == "5,000"
    for baseline in ("stock sendgrid client", "django-anymail batch send"):
        for processes in ("1 process", "2 processes"):
            assert float(rows[f"{baseline}, {processes}"][3]) > 0
    assert "Peak memory of worker2" in said


@pytest.mark.xdist_group("bench")
def test_a_benchmark_shows_each_size(var: Path) -> None:
    rows = _rows(_run(var, "scale", "--sizes", "2000", "9000"))
    assert rows["2,000"][6] == "1.00"
    assert float(rows["9,000"][6]) > 0


@pytest.mark.xdist_group("bench")
def test_a_benchmark_shows_each_latency_with_each_number_of_requests_in_flight(var: Path) -> None:
    said = _run(var, "latency", "--milliseconds", "0", "20", "--in-flight", "4", "8")
    cells = [line.split("│")[1:-1] for line in said.splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in row[:2]] for row in cells] == [
        *(["0 ms", "4"], ["0 ms", "8"]),
        *(["20 ms", "4"], ["20 ms", "8"]),
    ]
    assert [row[3].strip() for row in cells] == ["", "", "200,000", "400,000"]


@pytest.mark.xdist_group("bench")
def test_a_benchmark_shows_imports_of_new_changed_and_known_people(var: Path) -> None:
    rows = _rows(_run(var, "importing", "--rows", "2000"))
    for case in ("all new", "all merging, all changed", "all known, nothing new"):
        assert float(rows[case][0]) > 0
        assert float(rows[case][4]) > 0
    for baseline in ("COPY, no index", "csv module"):
        assert float(rows[baseline][0]) >= 0


@pytest.mark.xdist_group("bench")
def test_a_benchmark_shows_events_stored_and_folded_with_nothing_lost(var: Path) -> None:
    said = _run(
        var,
        "events",
        "--seconds=1",
        "--rate=3000",
        "--recipients=6000",
        "--baseline-seconds=1",
        "--alone=500",
    )
    rows = _rows(said)
    for step in ("verify signatures", "store", "fold", "read posts", "keep events", "write deliveries"):
        assert float(rows[step][0]) >= 0
    assert int(rows["stored"][0].replace(",", "")) >= 3_000
    assert {"web", "worker1", "PostgreSQL", "who posts", "together"} <= set(rows)
    assert "Nothing was lost" in said
    assert float(rows["mailer, stored and folded"][2]) > 0
    assert rows["django-anymail, saved with the ORM"][2] == "1.0"


def test_what_an_act_calls_is_counted_for_the_other_act_alone(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock")
    spin = clock.around("build", lambda: sum(range(200_000)))
    clock.around("read", spin)()
    sums = timed_worker.read(tmp_path / "clock")
    assert (sums["build"].calls, sums["read"].calls, sums["mark"].calls) == (1, 1, 0)
    assert sums["build"].cpu > sums["read"].cpu


def test_waiting_for_the_database_is_counted_for_the_act_that_waits(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock")
    wait = clock.around("database", lambda: None)
    clock.around("mark", wait)()
    clock.around("build", wait)()
    wait()
    sums = timed_worker.read(tmp_path / "clock")
    assert sums["mark, database"].calls == 1
    assert sums["other, database"].calls == 2


def test_an_act_that_raises_is_counted_and_raises(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock")
    with pytest.raises(ZeroDivisionError):
        clock.around("mark", lambda: 1 / 0)()
    assert timed_worker.read(tmp_path / "clock")["mark"].calls == 1
