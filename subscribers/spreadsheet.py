"""A file that people will open in a spreadsheet, and its cells."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

BYTE_ORDER_MARK = "\ufeff"
"""So that spreadsheets show names as they are."""

_FORMULA = "[\"' ]*[=+\\-@＝＋－＠]"
"""What a spreadsheet takes for the start of a formula (OWASP, "CSV Injection"); or did, before it was defused."""
_SPLIT = "[;,\t\r\n]"
"""Where it may split a cell, whatever the quotes say: German ones split a file with commas at semicolons."""
_START = f"(?:^|(?<={_SPLIT}))"
_BLANK = "(?=[\"' ]*[\t\r\n])"
_RUN = re.compile(f"{_START}(?={_FORMULA})|^{_BLANK}")
_DEFUSED = re.compile(f"{_START}'(?={_FORMULA})|^'{_BLANK}")
_WITHIN = re.compile(_SPLIT + _FORMULA)
_STARTS = frozenset("\"' =+-@\t\r\n＝＋－＠")
"""Looked at first, as `_WITHIN` is, because nearly all cells have nothing of it."""


def defuse(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would run, also where it would split the cell first."""
    return _RUN.sub("'", cell) if cell[:1] in _STARTS or _WITHIN.search(cell) else cell


def undefuse(cell: str) -> str:
    """The cell as it was before `defuse`."""
    return _DEFUSED.sub("", cell) if "'" in cell else cell


def as_csv(columns: Sequence[str], rows: Iterable[Iterable[str | int | float]]) -> str:
    """A table as CSV (RFC 4180). Texts that a spreadsheet would run as formulas are defused; numbers may be negative."""
    page = io.StringIO(newline="")
    lines = csv.writer(page)
    lines.writerow(columns)
    lines.writerows([defuse(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return BYTE_ORDER_MARK + page.getvalue()
