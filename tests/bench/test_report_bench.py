"""The benchmark of reports runs, with few people, and says what it promises to say. How fast is not asserted."""

import re
from pathlib import Path

import pytest

from tests.bench.report import SHOWN
from tests.bench.test_bench import _run, var

__all__ = ["var"]


@pytest.mark.xdist_group("processes")
def test_it_times_each_query_the_count_and_reading_what_is_kept(var: Path) -> None:
    said = _run(var, "report", "--recipients", "2000")
    queries = said.partition("The report of a send to 2,000 people")[2].partition("the whole count, ")[0]
    # Which are the slowest is another matter each time.
    assert len(re.findall(r"\w.* \d+\.\d{3} +\d+\.\d\d *$", queries, re.M)) == SHOWN
    for row in ("the whole count, ", "a plain count of its deliveries", "reading what is kept"):
        assert row in said
    assert "It adds up: True. 2,000 sent" in said
