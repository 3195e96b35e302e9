"""Cells that a spreadsheet would run are made harmless, and can be made what they were."""

from hypothesis import given
from hypothesis import strategies as st

from subscribers.spreadsheet import defuse, undefuse

CELLS = st.text(st.sampled_from("=+-@\t\r\n '＝＋ab"), max_size=6)


@given(CELLS)
def test_a_defused_cell_becomes_what_it_was(cell: str) -> None:
    assert undefuse(defuse(cell)) == cell


@given(CELLS)
def test_no_defused_cell_begins_as_a_formula(cell: str) -> None:
    assert not defuse(cell).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋"))


def test_other_cells_stay_as_they_are() -> None:
    for cell in ("", "Anna", "O'Neil", "'tis", "a=b", " plain"):
        assert defuse(cell) == undefuse(cell) == cell
