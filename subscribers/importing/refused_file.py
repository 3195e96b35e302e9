"""The file of refused rows: line, reason and the cells as they were, to be mended and imported again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from subscribers.importing.errors import CannotImport
from subscribers.importing.parts import lines_of
from subscribers.models import Import, ImportPartKind
from subscribers.spreadsheet import defuse

OWN_COLUMNS = ("line", "reason")
LONGEST_CELL = 32_000
"""Characters; a spreadsheet takes 32,767."""


def write_rows(stored: Import, kind: ImportPartKind, path: Path) -> Path | None:
    """Write the rows that an import refused, or flagged, to a file.

    Without such rows the file of an earlier try is removed, which would tell of rows that are mended by now.

    Returns: the path; None when there are no such rows.
    Raises:
        CannotImport: the place cannot be written to.
    """
    part = path.parent / f"{path.name}.part"
    with _explained(path):
        if not stored.parts.filter(kind=kind, number__gt=0).exists():
            path.unlink(missing_ok=True)
            return None
        try:
            with part.open("wb") as file:
                file.writelines(lines_of(stored, kind))
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    return path


def check_place(path: Path) -> None:
    """
    Raises:
        CannotImport: no file can be written there.
    """
    part = path.parent / f"{path.name}.part"
    with _explained(path):
        if path.is_dir():
            raise IsADirectoryError(21, "is a folder")
        part.touch()
        part.unlink()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotImport(
            "refused_file",
            f"The refused rows cannot be written to {path} ({error.strerror}). Name another place for them.",
        ) from error


def shown(cell: str) -> str:
    """The cell as it stands in the file: harmless in a spreadsheet, and not too long for it."""
    return defuse(cell[:LONGEST_CELL].replace("\0", "\\0"))
