"""`mailer imports`: the imports there were, and what became of one."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.console import Console
from rich.text import Text

from subscribers.importing import CannotImport, steer, terminal
from subscribers.importing.refused_file import write_rows
from subscribers.importing.summary import summary_of
from subscribers.management import command
from subscribers.models import Import, ImportPart, ImportState

SHOWN = 30
HELP = """
The imports there were, the newest first; or one of them, with what became of its rows.

examples:
  mailer imports
  mailer imports 7 --refused refused.csv --flagged odd.csv

Refused and flagged rows are kept for 30 days, as is what it takes to undo an import (mailer import --undo 7).
"""


class Command(command.Command):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", type=int, nargs="?", metavar="IMPORT", help="one of them")
        parser.add_argument("--refused", type=Path, metavar="FILE", help="write the rows that it refused")
        parser.add_argument("--flagged", type=Path, metavar="FILE", help="write the addresses that look odd")
        parser.add_argument("--all", action="store_true", help=f"list all, not only the last {SHOWN}")

    def handle(
        self, *, number: int | None, refused: Path | None, flagged: Path | None, all: bool, **_: Any
    ) -> None:
        console = self.console()
        if number is None:
            if refused or flagged:
                raise CommandError("Say of which import: mailer imports 7 --refused refused.csv")
            _list(console, None if all else SHOWN)
            return
        try:
            stored = steer.find(number)
            written = [
                (what, write_rows(stored, kind, path))
                for what, kind, path in (
                    ("refused rows", ImportPart.Kind.REFUSED, refused),
                    ("addresses that look odd", ImportPart.Kind.FLAGGED, flagged),
                )
                if path
            ]
        except CannotImport as error:
            raise CommandError(str(error)) from error
        _show(console, stored)
        for what, path in written:
            console.print(Text(f"The {what} are in {path}." if path else f"No {what} are kept."))


def _list(console: Console, most: int | None) -> None:
    imports = Import.objects.select_related("mailing_list").order_by("-id")[:most]
    if not imports:
        console.print("There was no import yet. mailer import FILE --list LIST makes one.")
        return
    console.print(terminal.list_of(imports))


def _show(console: Console, stored: Import) -> None:
    by = f" by {stored.started_by}" if stored.started_by else ""
    console.print(
        Text(
            f"Import {stored.pk} {terminal.state_of(stored)}. Begun {stored.created_at:%Y-%m-%d %H:%M} UTC{by}."
        )
    )
    if stored.state in (ImportState.UNDOING, ImportState.UNDONE):
        console.print(
            Text(f"Undone by {stored.undone_by or 'somebody'}: {terminal.undone_words(stored.undone)}")
        )
    if "people" in stored.counts:
        terminal.show_summary(console, summary_of(stored), stored.mailing_list.name)
    else:
        rows = stored.counts.get("rows", 0)
        console.print(
            Text(f"{rows:,} rows are dealt with, the last at {stored.moved_at:%Y-%m-%d %H:%M:%S} UTC.")
        )
