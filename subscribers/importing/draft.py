"""An import before it is confirmed: the file is kept, what its columns mean may still change, nobody is imported."""

import io
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from subscribers.importing.chunks import header_of, holds_address
from subscribers.importing.columns import Columns, described, map_columns
from subscribers.importing.dialect import Dialect, text_of
from subscribers.importing.errors import CannotImport
from subscribers.importing.parts import head_of, keep_file
from subscribers.importing.reading import read_rows
from subscribers.importing.register import as_source, keep_headers, opened
from subscribers.importing.workbook import Allowance
from subscribers.models import DryRun, DryRunState, Import, ImportPart, ImportState, MailingList

SAMPLE = 512 * 1024
"""Bytes that are looked at to show a file: its header, its first rows, and about how many there are."""
SHOWN_ROWS = 3
LONGEST_SHOWN = 60
"""Characters of a cell."""
MOST_COLUMNS = 300
"""Of a file: more than somebody can look through. Each is three fields of a form, and Django takes a thousand at once."""
KEPT_FOR = timedelta(days=7)
"""A draft that nobody touches goes after this time, with its file."""


@dataclass(frozen=True)
class Sample:
    """The beginning of a file.

    Attributes:
        header: its cells.
        rows: the first rows after it, as long as the header.
        count: of rows in the file; an estimate where `is_estimate`.
    """

    header: list[str]
    rows: list[list[str]]
    count: int
    is_estimate: bool


@transaction.atomic
def take_up(
    path: Path,
    name: str,
    mailing_list: MailingList,
    *,
    by: str = "",
    sheet: str = "",
    allowed: Allowance | None = None,
) -> Import:
    """Keep a file as a draft. No column needs to hold addresses yet: somebody may say which does.

    Args:
        path: where it lies now; its suffix says whether it may be a workbook.
        name: what it is called.
        by, sheet: see register.register.
        allowed: see workbook.rows_as_csv.
    Raises:
        CannotImport: it is no table, or has too many columns.
    """
    with opened(path, sheet, allowed) as (file, dialect):
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        head = file.read(SAMPLE)
        sample = sample_in(head, size, dialect, name)
        if len(sample.header) > MOST_COLUMNS:
            raise CannotImport(
                "too_many_columns",
                f"{name} has {len(sample.header):,} columns, and {MOST_COLUMNS} at most are taken. Leave out those that are "
                "of no use here.",
            )
        file.seek(0)
        stored = Import.objects.create(
            name=as_source(name),
            mailing_list=mailing_list,
            dialect=asdict(dialect),
            meanings=_meanings(sample.header, name, {}),
            state=ImportState.DRAFT,
            size=size,
            started_by=by,
        )
        keep_file(stored, file)
    keep_headers(stored, sample.header)
    return stored


def sample_of(stored: Import) -> Sample:
    """The beginning of a draft's file."""
    return sample_in(head_of(stored, SAMPLE), stored.size, Dialect(**stored.dialect), stored.name)


def sample_in(head: bytes, size: int, dialect: Dialect, name: str) -> Sample:
    """
    Args:
        head: the first bytes of a file; size: of the whole file.
    Raises:
        CannotImport: it has no header that can be read.
    """
    text = text_of(io.BytesIO(head), dialect)
    for _ in range(dialect.skipped_lines):
        text.readline()
    rows = read_rows(text, dialect.delimiter, holds_address, lines_before=dialect.skipped_lines)
    header = header_of(rows, name)
    filled = (cells for _, cells, problem in rows if problem is None and any(cell.strip() for cell in cells))
    first = list(islice(filled, SHOWN_ROWS))
    count = len(first) + sum(1 for _ in filled)
    if len(head) < size:
        count = count * size // len(head)
    width = len(header)
    shown = [([cell[:LONGEST_SHOWN] for cell in cells] + [""] * width)[:width] for cells in first]
    return Sample(header, shown, count, is_estimate=len(head) < size)


def change(
    stored: Import, mapping: Mapping[str, str], rules: Mapping[str, str], mailing_list: MailingList
) -> Columns:
    """Say what the columns of a draft mean, how it is merged, and to which list it goes. A dry run before counts no more.

    Args:
        mapping, rules: as mapping.read_mapping and read_rules give them.
    Raises:
        CannotImport: the mapping does not fit the file, or the import was confirmed meanwhile.
    """
    header = sample_of(stored).header
    columns = map_columns(header, stored.name, mapping)
    wanted: dict[str, Any] = {
        "mapping": dict(mapping),
        "rules": dict(rules),
        "mailing_list": mailing_list,
        "meanings": described(columns),
    }
    drafts = Import.objects.filter(pk=stored.pk, state=ImportState.DRAFT)
    with transaction.atomic():
        held = drafts.select_for_update().first()
        if held is None:
            raise _is_confirmed(stored.pk)
        if any(getattr(held, name) != value for name, value in wanted.items()):
            drafts.update(**wanted, moved_at=Now())
            forget_dry_run(stored.pk)
    return columns


def forget_dry_run(import_id: int) -> None:
    """Whoever works on one finds out that nobody wants it any more."""
    DryRun.objects.filter(of=import_id).delete()
    forget_rows(import_id)


def forget_rows(import_id: int) -> None:
    """Delete the rows that a dry run refused or flagged."""
    kinds = (ImportPart.Kind.WOULD_REFUSE, ImportPart.Kind.WOULD_FLAG)
    ImportPart.objects.filter(part_of=import_id, kind__in=kinds).delete()


@transaction.atomic
def confirm(import_id: int, by: str, tried: str) -> None:
    """Let a draft be imported.

    Args:
        by: who does it, for the record.
        tried: the number of the dry run whose figures they saw.
    Raises:
        CannotImport: that is not how it stands any more: it was changed, tried out anew, confirmed or discarded.
    """
    drafts = Import.objects.filter(pk=import_id, state=ImportState.DRAFT)
    if drafts.select_for_update().first() is None:
        raise _is_confirmed(import_id)
    run = DryRun.objects.filter(of=import_id, state=DryRunState.DONE).first()
    if run is None or str(run.number) != tried:
        raise CannotImport(
            "not_tried_out",
            "Nothing was imported: the file has to be tried out first, and what you saw is not how it stands now. Look at "
            "the figures again.",
        )
    # Not even sends that went out while it was a draft speak against undoing it.
    drafts.update(state=ImportState.WAITING, started_by=by, created_at=Now(), moved_at=Now())
    forget_dry_run(import_id)


def discard(import_id: int) -> None:
    """Delete a draft with its file.

    Raises:
        CannotImport: it is none: what was imported can be undone, not discarded.
    """
    drafts = Import.objects.filter(pk=import_id, state=ImportState.DRAFT)
    if not drafts.delete()[0]:
        raise CannotImport("no_draft", f"Import {import_id} was confirmed. Undo it instead.")


def _meanings(header: list[str], name: str, mapping: Mapping[str, str]) -> dict[str, Any]:
    """What the columns mean, in words; {} while none holds addresses."""
    try:
        return described(map_columns(header, name, mapping))
    except CannotImport as error:
        if error.code != "no_email_column":
            raise
        return {}


def _is_confirmed(import_id: int) -> CannotImport:
    return CannotImport(
        "confirmed", f"Import {import_id} was confirmed meanwhile, or discarded: it cannot be changed."
    )
