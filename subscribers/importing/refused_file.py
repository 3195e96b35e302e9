"""The file of refused rows: line, reason and the cells as they were, to be mended and imported again."""

import csv
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from subscribers.importing.errors import CannotImport

OWN_COLUMNS = ("line", "reason")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the start of a formula (OWASP, "CSV Injection")."""
LONGEST_CELL = 32_000
"""Characters; a spreadsheet takes 32,767."""


class Writer(Protocol):
    """Adds one refused row."""

    def __call__(self, line: int, reason: str, cells: Sequence[str]) -> None: ...


@contextmanager
def refused_file(path: Path, header: Sequence[str], *, with_own_columns: bool) -> Iterator[Writer]:
    """Collect refused rows, and put them at `path` when the block ends well and there are any.

    A block that fails leaves nothing; one without refusals also removes the file of an earlier try, which
    would tell of rows that are mended by now.

    Args:
        header: of the file that is imported.
        with_own_columns: the rows begin with line and reason already, which are written anew.
    Raises:
        CannotImport: the place cannot be written to.
    """
    part = path.parent / f"{path.name}.part"
    skipped = len(OWN_COLUMNS) if with_own_columns else 0
    count = 0
    with ExitStack() as end:
        with _explained(path):
            # With a byte order mark, so that spreadsheets show names as they are.
            file = end.enter_context(
                part.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="")
            )
        end.callback(part.unlink, missing_ok=True)
        rows = csv.writer(file)
        rows.writerow([*OWN_COLUMNS, *map(_shown, header[skipped:])])

        def write(line: int, reason: str, cells: Sequence[str]) -> None:
            nonlocal count
            count += 1
            with _explained(path):
                # A row that could not be cut into cells is its raw line.
                rows.writerow([line, _shown(reason), *map(_shown, cells[skipped:] or cells)])

        yield write
        with _explained(path):
            file.close()
            if count:
                os.replace(part, path)
            else:
                path.unlink(missing_ok=True)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotImport(
            "refused_file",
            f"The refused rows cannot be written to {path} ({error.strerror}). Name another place for them.",
        ) from error


def defuse(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would run."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell


def undefuse(cell: str) -> str:
    """The cell as it was before `defuse`."""
    return cell[1:] if cell.startswith("'") and cell[1:].lstrip(" ").startswith(_FORMULA) else cell


def _shown(cell: str) -> str:
    return defuse(cell[:LONGEST_CELL].replace("\0", "\\0"))
