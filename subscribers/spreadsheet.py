"""Cells of a file that people will open in a spreadsheet."""

import re

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
