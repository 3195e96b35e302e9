"""Files kept in the database in compressed parts: workers on other machines share nothing else."""

import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from subscribers.models import Import, ImportPart, ImportPartKind

PART = 4_000_000
"""Bytes before compression."""
LEVEL = 1
"""Of zlib: the fastest; a file of subscribers still shrinks to a third."""
MARK = b"\xef\xbb\xbf"
"""With a byte order mark spreadsheets show names as they are."""


def keep_file(stored: Import, file: BinaryIO) -> None:
    """Keep a file from where it stands, for whoever works on the import."""
    number = 0
    while content := file.read(PART):
        number += 1
        _keep(stored.pk, ImportPartKind.FILE, number, content)


def keep_rows(import_id: int, kind: ImportPartKind, number: int, rows: str) -> None:
    """Keep rows as CSV. Args: number: of the last row of the chunk they come from; 0 for the header."""
    # Bytes that could not be read are lone surrogates by now.
    _keep(import_id, kind, number, rows.encode("utf-8", "backslashreplace"))


def _keep(import_id: int, kind: ImportPartKind, number: int, content: bytes) -> None:
    ImportPart.objects.create(
        part_of_id=import_id, kind=kind, number=number, content=zlib.compress(content, LEVEL)
    )


@contextmanager
def file_of(stored: Import) -> Iterator[BinaryIO]:
    """The file of an import, on this machine's disk for as long as the block lasts."""
    with tempfile.TemporaryFile() as file:
        for content in _contents(stored, ImportPartKind.FILE):
            file.write(content)
        file.seek(0)
        yield file


def head_of(stored: Import, size: int) -> bytes:
    """The beginning of an import's file: so many bytes, PART at most, or all that there are."""
    content = (
        stored.parts.filter(kind=ImportPartKind.FILE).order_by("number").values_list("content", flat=True)
    )
    return zlib.decompressobj().decompress(content[0], size)


def lines_of(stored: Import, kind: ImportPartKind) -> Iterator[bytes]:
    """The rows that an import refused, or flagged, as a CSV file, piece by piece."""
    yield MARK
    yield from _contents(stored, kind)


def _contents(stored: Import, kind: ImportPartKind) -> Iterator[bytes]:
    parts = stored.parts.filter(kind=kind).order_by("number")
    for number in list(parts.values_list("number", flat=True)):
        yield zlib.decompress(parts.values_list("content", flat=True).get(number=number))
