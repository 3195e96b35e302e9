"""The act: a file read, cleaned, merged and reported on, in one transaction and in constant memory."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from django.db import connection, transaction

from subscribers.importing.address import PLAIN
from subscribers.importing.columns import map_columns
from subscribers.importing.dialect import Dialect, detect, open_text
from subscribers.importing.errors import CannotImport
from subscribers.importing.merge import merge, staged_rows
from subscribers.importing.reading import Row, read_rows
from subscribers.importing.refusals import Note, Refusal, Refused
from subscribers.importing.refused_file import refused_file
from subscribers.importing.rows import Record, cleaner, row_test
from subscribers.importing.summary import ImportSummary
from subscribers.importing.topics import matcher
from subscribers.models import MailingList, Subscription, Topic
from subscribers.text import one_line

ROWS_BETWEEN_PROGRESS = 1000
MOST_UNKNOWN_TOPICS = 1000
"""Different names that are counted apart, so that a hostile file cannot fill the memory."""

Progress = Callable[[int, int], None]


def import_file(
    path: Path, mailing_list: MailingList, *, refused_path: Path, progress: Progress
) -> ImportSummary:
    """Import the subscribers in a CSV file to a list, by the rule in merge.py.

    All or nothing: an error or an interruption leaves the store as it was.

    Args:
        refused_path: where the rows that are refused are written, when there are any.
        progress: told the bytes done and the bytes in all, while the file is read; when both are the same,
            the merge begins.
    Raises:
        CannotImport: the file as a whole cannot be imported.
    """
    dialect = detect(path)
    if refused_path.exists() and refused_path.samefile(path):
        raise CannotImport(
            "refused_file", f"{path} would be overwritten by its refused rows. Name another place for them."
        )
    with transaction.atomic():
        return _import(path, dialect, mailing_list, refused_path, progress)


def _import(
    path: Path, dialect: Dialect, mailing_list: MailingList, refused_path: Path, progress: Progress
) -> ImportSummary:
    source = source_name(path)
    total = path.stat().st_size
    rows = 0
    refused: Counter[Refusal] = Counter()
    notes: Counter[Note] = Counter()
    unknown_topics: Counter[str] = Counter()
    with open_text(path, dialect.encoding, dialect.mark) as text:
        for _ in range(dialect.skipped_lines):
            text.readline()
        # Before the header is known, a line that holds an address is taken for a row.
        looks_like_row: Callable[[list[str]], bool] = _holds_address
        lines = read_rows(
            text, dialect.delimiter, lambda cells: looks_like_row(cells), lines_before=dialect.skipped_lines
        )
        header = _header(lines, path)
        columns = map_columns(header, str(path))
        looks_like_row = row_test(columns)
        topics = Topic.objects.filter(retired=False).values_list("id", "slug", "name")
        clean = cleaner(columns, matcher(topics))
        with (
            refused_file(refused_path, header, with_own_columns=columns.is_refused_file) as refuse,
            connection.cursor() as cursor,
        ):
            with staged_rows(cursor) as stage:
                for line, cells, problem in lines:
                    outcome = clean(cells) if problem is None else Refused(problem)
                    if outcome is None:
                        continue
                    rows += 1
                    if isinstance(outcome, Record):
                        stage(line, outcome)
                        if outcome.notes:
                            notes.update(outcome.notes)
                            _count_topics(unknown_topics, outcome.unknown_topics)
                    else:
                        refused[outcome.why] += 1
                        refuse(line, str(outcome), cells)
                    if rows % ROWS_BETWEEN_PROGRESS == 0:
                        progress(min(text.buffer.tell(), total - 1), total)
            progress(total, total)
            merged = merge(cursor, mailing_list.pk, source)
    return ImportSummary(
        file=source,
        dialect=dialect,
        columns=columns,
        rows=rows,
        imported=merged.new,
        merged_with_store=merged.changed,
        unchanged=merged.unchanged,
        duplicates_in_file=merged.repeated,
        refused=dict(refused),
        refused_path=refused_path if refused else None,
        subscribed=merged.subscribed,
        kept_unsubscribed=merged.unsubscribed,
        kept_pending=merged.pending,
        suppressed=merged.suppressed,
        notes=dict(notes),
        unknown_topics=dict(unknown_topics),
    )


def _header(rows: Iterator[Row], path: Path) -> list[str]:
    """The first row that holds anything."""
    for _, cells, problem in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if problem:
            raise CannotImport("bad_header", f"The header line of {path} cannot be read: {problem.value}.")
        return cells
    raise CannotImport("empty_file", f"{path} has nothing but delimiters. It needs a header line.")


def source_name(path: Path) -> str:
    """The file's name as it can be stored: file names are bytes, and may hold anything but a slash."""
    name = one_line(os.fsencode(path.name).decode("utf-8", "replace"))
    return name[: Subscription._meta.get_field("source").max_length]


def _holds_address(cells: list[str]) -> bool:
    return any(PLAIN.fullmatch(cell.strip()) for cell in cells)


def _count_topics(counts: Counter[str], names: tuple[str, ...]) -> None:
    for name in names:
        if name in counts or len(counts) < MOST_UNKNOWN_TOPICS:
            counts[name] += 1
