"""A zip archive of tables, such as Mailchimp's export: what is in it, unpacked within limits.

What an archive says of itself is not believed: no more is written than was allowed, whatever it unpacks to, and the
names in it are never used as places on the disk.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from subscribers.importing.errors import CannotImport

TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")
MOST_FILES = 20
MOST_BYTES = 1_000_000_000
"""Of all tables together, unpacked."""
AT_ONCE = 1024 * 1024


def is_archive(path: Path) -> bool:
    """Whether a file is named .zip and is one."""
    return path.suffix.lower() == ".zip" and zipfile.is_zipfile(path)


@contextmanager
def unpacked(path: Path, name: str) -> Iterator[list[tuple[Path, str]]]:
    """The tables in an archive, with the names that they have in it, on this machine's disk while the block lasts.

    Args:
        name: the archive's, for messages.
    Raises:
        CannotImport: it cannot be read, has none, or too many, or they are too large.
    """
    with TemporaryDirectory() as folder:
        try:
            yield _unpack(path, name, Path(folder))
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
            raise CannotImport(
                "bad_archive",
                f"{name} cannot be unpacked: it is damaged, has a password, or is packed in an unusual way. "
                "Unpack it on your machine, and upload the files in it.",
            ) from error


def _unpack(path: Path, name: str, folder: Path) -> list[tuple[Path, str]]:
    found: list[tuple[Path, str]] = []
    left = MOST_BYTES
    with zipfile.ZipFile(path) as archive:
        tables = [each for each in archive.infolist() if _is_table(each)]
        if not tables:
            raise CannotImport("no_table", f"{name} holds no table: no CSV file and no workbook (.xlsx).")
        if len(tables) > MOST_FILES:
            raise CannotImport(
                "too_many_files",
                f"{name} holds {len(tables)} tables, and {MOST_FILES} at most are taken at once. Unpack it, and upload "
                "those that you need.",
            )
        for number, each in enumerate(tables):
            inside = PurePosixPath(each.filename.replace("\\", "/"))
            place = folder / f"{number}{inside.suffix.lower()}"
            with archive.open(each) as packed, place.open("wb") as file:
                while content := packed.read(AT_ONCE):
                    left -= len(content)
                    if left < 0:
                        raise CannotImport(
                            "archive_too_large",
                            f"{name} holds more than {MOST_BYTES // 1_000_000:,} MB once it is unpacked. Unpack it on your "
                            "machine, and upload the files one by one.",
                        )
                    file.write(content)
            found.append((place, inside.name))
    return found


def _is_table(each: zipfile.ZipInfo) -> bool:
    inside = PurePosixPath(each.filename.replace("\\", "/"))
    hidden = inside.name.startswith(".") or "__MACOSX" in inside.parts
    return not each.is_dir() and not hidden and inside.suffix.lower() in TABLES and each.file_size > 0
