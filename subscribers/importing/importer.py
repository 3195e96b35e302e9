"""An import from one end to the other in this process: taken in, carried out, its refused rows written."""

from collections.abc import Callable, Mapping
from pathlib import Path

from django.db import transaction

from subscribers.importing.carry_out import Progress, carry_out
from subscribers.importing.chunks import ROWS
from subscribers.importing.errors import CannotImport
from subscribers.importing.parts import lines_of
from subscribers.importing.refused_file import check_place, write_rows
from subscribers.importing.register import register
from subscribers.importing.summary import ImportSummary, summary_of
from subscribers.models import Import, ImportPart, MailingList

SHOWN_REFUSED = 10


def import_file(
    path: Path,
    mailing_list: MailingList,
    *,
    refused_path: Path,
    progress: Progress = lambda done, total: None,
    mapping: Mapping[str, str] | None = None,
    rules: Mapping[str, str] | None = None,
    rows: int = ROWS,
) -> ImportSummary:
    """Import the subscribers in a CSV file or a workbook to a list, by the rule in merge.py.

    Args:
        refused_path: where the rows that are refused are written, when there are any.
        progress: told the bytes done and the bytes in all, after each chunk.
        mapping, rules: see register.register.
        rows: in a chunk.
    Raises:
        CannotImport: the file as a whole cannot be imported.
    """
    check_refused_path(path, refused_path)
    stored = register(path, mailing_list, mapping=mapping, rules=rules)
    carry_out(stored.pk, progress=progress, rows=rows)
    return written_summary(stored, refused_path)


def written_summary(
    stored: Import, refused_path: Path | None, flagged_path: Path | None = None
) -> ImportSummary:
    """The summary of an import that is done, once its refused and flagged rows are written where it is asked for.

    Raises:
        CannotImport: they cannot be written there.
    """
    stored.refresh_from_db()
    return summary_of(
        stored,
        refused_path=refused_path and write_rows(stored, ImportPart.Kind.REFUSED, refused_path),
        flagged_path=flagged_path and write_rows(stored, ImportPart.Kind.FLAGGED, flagged_path),
    )


def check_refused_path(path: Path, refused_path: Path) -> None:
    """
    Raises:
        CannotImport: refused rows cannot be written there, or would overwrite the file itself.
    """
    if refused_path.exists() and path.exists() and refused_path.samefile(path):
        raise CannotImport(
            "refused_file", f"{path} would be overwritten by its refused rows. Name another place for them."
        )
    check_place(refused_path)


def try_out(take_in: Callable[[], Import], progress: Progress) -> tuple[ImportSummary, list[str]]:
    """What an import would do. It is done, counted, and rolled back.

    Meanwhile other imports wait, and whoever changes something about people that it would change.

    Args:
        take_in: registers the file.
    Returns: the summary, and the first of the refused rows as lines of CSV.
    """
    with transaction.atomic():
        stored = take_in()
        carry_out(stored.pk, progress=progress)
        stored.refresh_from_db()
        text = b"".join(_first(stored)).decode("utf-8-sig", "replace")
        summary = summary_of(stored)
        transaction.set_rollback(True)
    return summary, text.splitlines()[1 : SHOWN_REFUSED + 1]


def _first(stored: Import) -> list[bytes]:
    """The header and the first rows that were refused."""
    lines = lines_of(stored, ImportPart.Kind.REFUSED)
    return [piece for _, piece in zip(range(3), lines, strict=False)]
