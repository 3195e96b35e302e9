"""Sheets of Excel workbooks (.xlsx), turned into CSV row by row, so that all that follows knows but one kind of file.

A workbook is a zip archive of XML that somebody from outside made. Its parts say how large they are, and no more is
read of one than it says: what says too much is refused unopened. Formulas are not computed: the value that the last
program saved counts, and where it saved none the cell is empty.
"""

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from subscribers.importing.errors import CannotImport

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

MOST_BYTES = 2_000_000_000
"""Of all parts of the archive together, unpacked: a million rows of twenty columns have about half of it."""
MOST_SHARED = 200_000_000
"""Of the texts that cells share and of styles, unpacked: they are held in memory."""
MOST_PARTS = 5_000
MOST_COLUMNS = 1_000
MOST_ROWS = 1_048_576
"""Excel knows no more. A row says its own number, and all that are left out before it are read as empty ones."""
LONGEST_CELL = 32_767
"""Characters; Excel knows no more."""
AT_ONCE = 1024 * 1024
ZIP = b"PK\x03\x04"
_ERRORS = frozenset(("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"))
_SHEETS = "xl/worksheets/"


@dataclass
class Allowance:
    """What may still be read of workbooks, of one or of several together: what says little of its size may have much.

    Attributes:
        steps: what takes time: each tag of the XML, of which a cell has four to six, and each cell of a row up to its last.
        characters: of the CSV.
    """

    steps: int = 1_000_000_000
    characters: int = MOST_BYTES

    def take(self, steps: int, characters: int = 0) -> bool:
        """Whether there was as much."""
        self.steps -= steps
        self.characters -= characters
        return self.steps >= 0 and self.characters >= 0


def is_workbook(path: Path) -> bool:
    """Whether the file is named .xlsx or .xlsm and is a zip archive."""
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(ZIP)) == ZIP
    except OSError:
        return False


@contextmanager
def rows_as_csv(path: Path, sheet: str = "", allowed: Allowance | None = None) -> Iterator[BinaryIO]:
    """A sheet as a CSV file (UTF-8, commas, a line per row) on this machine's disk, while the block lasts.

    Args:
        sheet: its name; the first that is visible, where empty.
        allowed: what may be read, where it is less than of any workbook.
    Raises:
        CannotImport: the workbook cannot be read, is too large, or has no such sheet.
    """
    allowed = allowed or Allowance()
    with tempfile.TemporaryFile() as file:
        text = io.TextIOWrapper(
            cast(BinaryIO, file), "utf-8", errors="replace", newline="", write_through=True
        )
        write = csv.writer(text, lineterminator="\n").writerow
        from openpyxl import load_workbook  # a fifth of the time that every command would need to start

        try:
            _check(path, allowed)
            # Its own archive: it stays open while rows are read, and is closed by the workbook.
            workbook = load_workbook(path, read_only=True, data_only=True, keep_links=False)
            try:
                rows = _sheet(workbook, sheet, path).iter_rows(values_only=True)
                for number, row in enumerate(rows):
                    cells = list(map(_cell, row[:MOST_COLUMNS]))
                    while cells and not cells[-1]:
                        cells.pop()
                    if not allowed.take(len(row), write(cells)) or number >= MOST_ROWS:
                        raise _too_large(path)
            finally:
                workbook.close()
        except CannotImport:
            raise
        except Exception as error:  # whatever a library may raise for what a stranger made
            raise CannotImport(
                "bad_workbook",
                f"{path} cannot be read as a workbook ({type(error).__name__}). "
                "Export the sheet as CSV (UTF-8) and import that.",
            ) from error
        text.flush()
        text.detach()
        file.seek(0)
        yield cast(BinaryIO, file)


def _check(path: Path, allowed: Allowance) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        held = sum(part.file_size for part in parts if not part.filename.startswith(_SHEETS))
        if (
            len(parts) > MOST_PARTS
            or sum(part.file_size for part in parts) > MOST_BYTES
            or held > MOST_SHARED
        ):
            raise _too_large(path)
        # Before it is opened, for which all of it may be read.
        for part in parts:
            with archive.open(part) as content:
                while piece := content.read(AT_ONCE):
                    if not allowed.take(piece.count(b"<")):
                        raise _too_large(path)


def _too_large(path: Path) -> CannotImport:
    return CannotImport(
        "workbook_too_large",
        f"{path} is too large once it is unpacked: it has too many cells, or too much text. Export the sheet as CSV (UTF-8) and import that.",
    )


def _sheet(workbook: "Workbook", name: str, path: Path) -> Any:
    sheets = {sheet.title: sheet for sheet in workbook.worksheets}
    if name and name not in sheets:
        raise CannotImport(
            "unknown_sheet", f"{path} has no sheet {name}. Its sheets: {', '.join(list(sheets)[:20])}."
        )
    if name:
        found = sheets[name]
    else:
        visible = [sheet for sheet in sheets.values() if sheet.sheet_state == "visible"]
        if not visible:
            raise CannotImport("no_sheet", f"{path} has no sheet that can be seen. Name one: --sheet NAME.")
        found = visible[0]
    # What a sheet says of its own size may be wrong.
    found.reset_dimensions()
    return found


def _cell(value: Any) -> str:
    """The value as a CSV file has it: dates as 2024-01-31, whole numbers without a point, no line breaks."""
    match value:
        case None:
            return ""
        case str():
            return "" if value in _ERRORS else " ".join(value[:LONGEST_CELL].split())
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
    return ""
