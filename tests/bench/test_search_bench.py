"""The benchmark of the search runs, with few people. How fast is not asserted."""

from pathlib import Path

import pytest

from tests.bench.search import KINDS
from tests.bench.test_bench import _rows, _run
from tests.bench.test_bench import var as var


@pytest.mark.xdist_group("search bench")
def test_every_kind_of_text_is_searched_and_compared(var: Path) -> None:
    said = _run(var, "search", "--people=3000")
    rows = _rows(said)
    assert len([row for row in rows if row.partition(":")[0] in KINDS]) == len(KINDS)
    assert rows["name, without its accent: garcia"][0] == "50+"
    assert rows["nobody: qqxyzzyq"][0] == "0"
    assert "Indexed 3,000 people" in said
