"""Taking in a file: what it is, what its columns mean, and the file itself, kept until its import is done."""

import csv
import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

from django.db import transaction

from subscribers.importing.chunks import Table
from subscribers.importing.columns import described, is_refused_file
from subscribers.importing.dialect import Dialect, detect
from subscribers.importing.parts import keep_file, keep_rows
from subscribers.importing.refused_file import OWN_COLUMNS, shown
from subscribers.importing.workbook import Allowance, is_workbook, rows_as_csv
from subscribers.models import Import, ImportPart, MailingList, Subscription
from subscribers.text import one_line

FLAGGED_HEADER = ("line", "email", "role", "perhaps meant")


@transaction.atomic
def register(
    path: Path,
    mailing_list: MailingList,
    *,
    mapping: Mapping[str, str] | None = None,
    rules: Mapping[str, str] | None = None,
    sheet: str = "",
    by: str = "",
) -> Import:
    """Take in a CSV file or a workbook, to be imported to a list. Nothing of it is imported yet.

    Args:
        mapping: what columns mean, see mapping.read_mapping; the others are recognised or guessed.
        rules: by field what a merge does, see mapping.read_rules.
        sheet: of a workbook; the first that is visible, where empty.
        by: who does it, for the record.
    Raises:
        CannotImport: the file as a whole cannot be imported.
    """
    name = source_name(path)
    with opened(path, sheet) as (file, dialect):
        table = Table(file, dialect, name, dict(mapping or {}))
        table.close()
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        stored = Import.objects.create(
            name=name,
            mailing_list=mailing_list,
            dialect=asdict(dialect),
            mapping=dict(mapping or {}),
            meanings=described(table.columns),
            rules=dict(rules or {}),
            size=size,
            started_by=by,
        )
        keep_file(stored, file)
    keep_headers(stored, table.header)
    return stored


def keep_headers(stored: Import, header: list[str]) -> None:
    """Begin the files of refused and of flagged rows. Args: header: of the file."""
    own = len(OWN_COLUMNS) if is_refused_file(header) else 0
    row = [*OWN_COLUMNS, *map(shown, header[own:])]
    keep_rows(stored.pk, ImportPart.Kind.REFUSED, 0, _csv_row(row))
    keep_rows(stored.pk, ImportPart.Kind.FLAGGED, 0, _csv_row(FLAGGED_HEADER))


def source_name(path: Path) -> str:
    """The file's name as it can be stored: file names are bytes, and may hold anything but a slash."""
    return as_source(os.fsencode(path.name).decode("utf-8", "replace"))


def as_source(name: str) -> str:
    """A file's name as the source of subscriptions has it."""
    return one_line(name)[: Subscription._meta.get_field("source").max_length]


@contextmanager
def opened(path: Path, sheet: str, allowed: Allowance | None = None) -> Iterator[tuple[BinaryIO, Dialect]]:
    """The file to keep: as it is, or, of a workbook, its sheet as CSV."""
    if is_workbook(path):
        with rows_as_csv(path, sheet, allowed) as file:
            yield file, Dialect("utf-8", 0, ",", skipped_lines=0)
        return
    dialect = detect(path)
    with path.open("rb") as file:
        yield file, dialect


def _csv_row(cells: list[str] | tuple[str, ...]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
