"""The benchmark of segments runs, with few people, and says what it promises to say. How fast is not asserted."""

from pathlib import Path

import pytest

from tests.bench.segments import ENGAGEMENT, PEOPLE
from tests.bench.test_bench import _rows, _run, var

__all__ = ["var"]


@pytest.mark.xdist_group("segments bench")
def test_it_counts_every_rule_and_writes_the_slowest_plans(var: Path) -> None:
    plans = var / "plans.txt"
    sizes = (
        "--people",
        "3000",
        "--sends",
        "3",
        "--recipients",
        "2000",
        "--repeat",
        "1",
        "--plans",
        str(plans),
    )
    said = _run(var, "segments", *sizes)
    assert "3,000 people, 3 sends of 2,000" in said
    rows = _rows(said)
    assert len(said.splitlines()) > len(PEOPLE) + len(ENGAGEMENT)
    assert 0 < int(rows["opened something in the last 4 issues"][0].replace(",", "")) < 3000
    assert 0 < int(rows["on the list weekly"][0].replace(",", "")) < 3000
    assert plans.read_text().count("Execution Time") == 5
