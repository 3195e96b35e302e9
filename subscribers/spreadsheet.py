"""A file that people will open in a spreadsheet, and its cells."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

BYTE_ORDER_MARK = "\ufeff"
"""So that spreadsheets show names as they are."""

_FORMULA = re.compile("'* *[=+\\-@\t\r\n＝＋－＠]")
"""What a spreadsheet takes for the start of a formula (OWASP, "CSV Injection"); or did, before it was defused."""
_STARTS = frozenset("' =+-@\t\r\n＝＋－＠")
"""Looked at first, because nearly all cells begin with something else."""


def defuse(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would run."""
    return f"'{cell}" if cell[:1] in _STARTS and _FORMULA.match(cell) else cell


def undefuse(cell: str) -> str:
    """The cell as it was before `defuse`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def as_csv(columns: Sequence[str], rows: Iterable[Iterable[str | int | float]]) -> str:
    """A table as CSV (RFC 4180). Texts that a spreadsheet would run as formulas are defused; numbers may be negative."""
    page = io.StringIO(newline="")
    lines = csv.writer(page)
    lines.writerow(columns)
    lines.writerows([defuse(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return BYTE_ORDER_MARK + page.getvalue()
