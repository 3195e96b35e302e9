"""A file's rows, read, cleaned and gathered into chunks that are ready to be merged. No database."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import BinaryIO

import orjson

from subscribers.cleaning.address import PLAIN
from subscribers.cleaning.flags import flags
from subscribers.importing.columns import Columns, map_columns
from subscribers.importing.dialect import Dialect, text_of
from subscribers.importing.errors import CannotImport
from subscribers.importing.reading import Row, read_rows
from subscribers.importing.refusals import Refused
from subscribers.importing.refused_file import OWN_COLUMNS, shown
from subscribers.importing.rows import Cleaner, Record, row_test
from subscribers.importing.status import Standing

ROWS = 25_000
"""In a chunk: a second or less of the database's time."""
MOST_CHARACTERS = 16_000_000
"""In a chunk, or little more, so that a file of huge rows does not fill the memory."""
MOST_UNKNOWN_TOPICS = 1000
"""Different names that are counted apart, so that a hostile file cannot fill the memory."""


@dataclass
class Chunk:
    """Rows that are merged in one transaction.

    Attributes:
        staged: those that are fit, as text for COPY.
        leaving: how many of them say that somebody left or must get nothing.
        rows_read: of the file up to the end of the chunk, empty ones among them.
        position: bytes of the file up to about there.
        rows: that are not empty.
        refused, flagged: such rows as CSV.
        reasons, notes, odd: how many by what.
    """

    staged: str = ""
    leaving: int = 0
    rows_read: int = 0
    position: int = 0
    rows: int = 0
    refused: str = ""
    flagged: str = ""
    reasons: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    odd: Counter[str] = field(default_factory=Counter)
    unknown_topics: Counter[str] = field(default_factory=Counter)


class Table:
    """A file's header, and its rows after it. What is no table raises CannotImport when it is made."""

    def __init__(self, file: BinaryIO, dialect: Dialect, name: str, mapping: dict[str, str]) -> None:
        """
        Args:
            name: the file's, for messages.
            mapping: see columns.map_columns.
        Raises:
            CannotImport: it has no header, or no column with addresses.
        """
        self._file = file
        self._text = text_of(file, dialect)
        for _ in range(dialect.skipped_lines):
            self._text.readline()
        # Before the header is known, a line that holds an address is taken for a row.
        looks_like_row: Callable[[list[str]], bool] = holds_address
        self._rows = read_rows(
            self._text,
            dialect.delimiter,
            lambda cells: looks_like_row(cells),
            lines_before=dialect.skipped_lines,
        )
        self.header = header_of(self._rows, name)
        self.columns: Columns = map_columns(self.header, name, mapping)
        looks_like_row = row_test(self.columns)

    def close(self) -> None:
        """Let go of the file, which stays open."""
        self._text.detach()

    def chunks(self, clean: Cleaner, *, after: int = 0, size: int = ROWS) -> Iterator[Chunk]:
        """The rows as chunks.

        Args:
            after: rows that were dealt with before.
            size: rows in a chunk, at most.
        """
        own = len(OWN_COLUMNS) if self.columns.is_refused_file else 0
        rows = islice(self._rows, after, None)
        read = after
        while (chunk := _gather(islice(rows, size), clean, own)).rows_read:
            read += chunk.rows_read
            chunk.rows_read = read
            chunk.position = self._file.tell()
            yield chunk


def _gather(rows: Iterator[Row], clean: Cleaner, own: int) -> Chunk:
    """Args: own: columns that a file of refused rows has in front, which are written anew."""
    chunk = Chunk()
    staged: list[str] = []
    characters = 0
    refused, flagged = io.StringIO(), io.StringIO()
    refuse, flag = csv.writer(refused).writerow, csv.writer(flagged).writerow
    for line, cells, problem in rows:
        chunk.rows_read += 1
        outcome = clean(cells) if problem is None else Refused(problem)
        if outcome is None:
            continue
        chunk.rows += 1
        if isinstance(outcome, Refused):
            chunk.reasons[outcome.why.name] += 1
            # A row that could not be cut into cells is its raw line.
            refuse([line, shown(str(outcome)), *map(shown, cells[own:] or cells)])
            characters += sum(map(len, cells))
            if characters > MOST_CHARACTERS:
                break
            continue
        row = _copied(line, outcome)
        staged.append(row)
        characters += len(row)
        if outcome.standing >= Standing.UNSUBSCRIBED:
            chunk.leaving += 1
        if outcome.notes:
            chunk.notes.update(note.name for note in outcome.notes)
            _count_topics(chunk.unknown_topics, outcome.unknown_topics)
        if odd := flags(outcome.email):
            chunk.odd["role"] += odd.role
            chunk.odd["typo"] += bool(odd.suggestion)
            flag([line, shown(outcome.email), "role address" if odd.role else "", odd.suggestion])
        if characters > MOST_CHARACTERS:
            break
    chunk.staged = "".join(staged)
    chunk.refused, chunk.flagged = refused.getvalue(), flagged.getvalue()
    return chunk


def _copied(line: int, record: Record) -> str:
    attributes = orjson.dumps(record.attributes).decode() if record.attributes else "{}"
    row = (
        f"{line}\t{record.email}\t{record.first_name}\t{record.last_name}\t{record.language}\t"
        f"{record.time_zone}\t{record.country}\t{_array(record.topic_ids)}\t{attributes}\t"
    )
    consent = orjson.dumps(record.consent).decode() if record.consent else ""
    # Clean values hold no tabs and line breaks; a backslash is the one character left to escape.
    if "\\" in row or "\\" in consent:
        row, consent = row.replace("\\", "\\\\"), consent.replace("\\", "\\\\")
    return f"{row}{record.standing:d}\t{record.signed_up or NULL}\t{consent or NULL}\n"


NULL = r"\N"


@lru_cache(maxsize=4096)
def _array(numbers: tuple[int, ...]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"


def header_of(rows: Iterator[Row], name: str) -> list[str]:
    """The first row that holds anything."""
    for _, cells, problem in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if problem:
            raise CannotImport("bad_header", f"The header line of {name} cannot be read: {problem.value}.")
        return cells
    raise CannotImport("empty_file", f"{name} has nothing but delimiters. It needs a header line.")


def holds_address(cells: Sequence[str]) -> bool:
    return any(PLAIN.fullmatch(cell.strip()) for cell in cells)


def _count_topics(counts: Counter[str], names: tuple[str, ...]) -> None:
    for name in names:
        if name in counts or len(counts) < MOST_UNKNOWN_TOPICS:
            counts[name] += 1
