"""How a file is written: its encoding and its delimiter, told from the whole file and from its header line."""

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from subscribers.importing.errors import CannotImport

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Latin-1 (Windows-1252)",
}
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
NO_TABLES = (
    (b"PK\x03\x04", "an Excel or OpenDocument workbook, or a zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF"),
)
CHUNK = 1024 * 1024
"""Bytes read at once while the encoding is checked."""
HEAD = 64 * 1024
"""Characters at the start of the file in which the header must end."""
DELIMITER_HINT = re.compile(r"sep=([,;\t])[\r\n]*", re.IGNORECASE)
"""A first line that Excel writes and reads."""
_QUOTED = re.compile('"[^"]*"')


@dataclass(frozen=True)
class Dialect:
    """The encoding (a codec's name), the bytes of the byte order mark to skip, the delimiter, and the number
    of lines that stand before the header and are no part of the table."""

    encoding: str
    mark: int
    delimiter: str
    skipped_lines: int

    def __str__(self) -> str:
        return f"{ENCODINGS[self.encoding]}, {DELIMITERS[self.delimiter]}"


def detect(path: Path) -> Dialect:
    """Read the file once through and say how it is written.

    Raises:
        CannotImport: it is no file that can be read, is empty, or is no CSV.
    """
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "is no file" if path.exists() else "does not exist"
            raise CannotImport("no_file", f"{path} {what}. Name a CSV file or a workbook on this machine.")
        with path.open("rb") as file:
            encoding, mark = _encoding(file, path)
            head = _text(file, encoding, mark).read(HEAD)
    except OSError as error:
        raise CannotImport(
            "unreadable_file", f"{path} cannot be read ({error.strerror}). Check its permissions."
        ) from error
    if not head.strip():
        raise CannotImport("empty_file", f"{path} is empty. It needs a header line and a row per subscriber.")
    hint = DELIMITER_HINT.fullmatch(next(io.StringIO(head, newline="")))
    if hint:
        return Dialect(encoding, mark, hint[1], skipped_lines=1)
    return Dialect(encoding, mark, _delimiter(head), skipped_lines=0)


def text_of(file: BinaryIO, dialect: Dialect) -> io.TextIOWrapper:
    """The file as text with its line ends untouched. A byte that the encoding cannot read becomes a lone
    surrogate, which no text holds otherwise, so that its row can be refused and the others are not harmed."""
    return _text(file, dialect.encoding, dialect.mark)


def _text(file: BinaryIO, encoding: str, mark: int) -> io.TextIOWrapper:
    file.seek(mark)
    return io.TextIOWrapper(file, encoding, errors=_UNREADABLE, newline="")


def _encoding(file: BinaryIO, path: Path) -> tuple[str, int]:
    start = file.read(8)
    for magic, name in NO_TABLES:
        if start.startswith(magic):
            raise CannotImport(
                "not_csv",
                f"{path} is {name}, not a CSV file. Export the sheet as CSV (UTF-8) and import that.",
            )
    for mark, encoding in BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return encoding, len(mark)
    file.seek(0)
    if _is_utf8(file):
        return "utf-8", 0
    file.seek(0)
    return ("utf-8" if _is_mostly_utf8(file) else "cp1252"), 0


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk
    yield b""


def _is_utf8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in _chunks(file):
            decoder.decode(chunk, final=not chunk)
    except UnicodeDecodeError:
        return False
    return True


def _is_mostly_utf8(file: BinaryIO) -> bool:
    """Whether there are more whole UTF-8 characters beyond ASCII than bytes that are none.

    A few broken rows in a UTF-8 file must not turn all its names into Latin-1 rubbish. In Latin-1 text a
    letter beyond ASCII stands between ASCII letters, so hardly any two of its bytes make a UTF-8 character.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    whole = broken = 0
    for chunk in _chunks(file):
        text = decoder.decode(chunk, final=not chunk)
        if text.isascii():
            continue
        readable = text.encode("utf-8", "ignore").decode()
        broken += len(text) - len(readable)
        whole += len(readable) - len(readable.encode("ascii", "ignore"))
    return whole > broken


def _delimiter(head: str) -> str:
    """The delimiter that stands most often in the header line, outside of quotation marks."""
    lines = io.StringIO(_QUOTED.sub("x", head), newline="")
    header = next((line for line in lines if line.strip("".join(DELIMITERS) + " \r\n")), "")
    return max(DELIMITERS, key=header.count)


_UNREADABLE = "subscribers.importing.unreadable"


def _as_surrogates(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    broken = error.object[error.start : error.end]
    return "".join(chr(0xDC00 + byte) for byte in broken), error.end


codecs.register_error(_UNREADABLE, _as_surrogates)
