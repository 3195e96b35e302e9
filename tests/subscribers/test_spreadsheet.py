"""Cells that a spreadsheet would run are made harmless, and can be made what they were."""

import re

from hypothesis import given
from hypothesis import strategies as st

from subscribers.spreadsheet import defuse, undefuse

CELLS = st.text(st.sampled_from("=+-@\t\r\n '\";,＝＋ab"), max_size=8)


@given(CELLS)
def test_a_defused_cell_becomes_what_it_was(cell: str) -> None:
    assert undefuse(defuse(cell)) == cell


@given(CELLS)
def test_no_defused_cell_begins_as_a_formula(cell: str) -> None:
    assert not defuse(cell).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋"))


@given(CELLS)
def test_no_part_that_a_program_splits_off_begins_as_a_formula(cell: str) -> None:
    for part in re.split("[;,\t\r\n]", defuse(cell)):
        assert not part.lstrip('" ').startswith(("=", "+", "-", "@", "＝", "＋"))


def test_what_stands_after_a_semicolon_is_defused() -> None:
    assert defuse('x;=1+1; "=2') == "x;'=1+1;' \"=2"
    assert undefuse("x;'=1+1;' \"=2") == 'x;=1+1; "=2'


def test_other_cells_stay_as_they_are() -> None:
    for cell in ("", "Anna", "O'Neil", "'tis", "a=b", " plain", "a, b; 'c'", "1,2", "line\r\nline"):
        assert defuse(cell) == undefuse(cell) == cell
