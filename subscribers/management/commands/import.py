"""`mailer import FILE --list LIST`: put the subscribers in a CSV file on a mailing list."""

from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import IO, Any, cast

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_slug
from django.db import OperationalError, transaction
from psycopg import OperationalError as DriverError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from subscribers.importing import CannotImport, ImportSummary, import_file
from subscribers.models import MailingList

INTERRUPTED = 130
"""The exit code that shells give for Ctrl-C."""
SHOWN_TOPICS = 10

HELP = """
Put the subscribers in a CSV file on a mailing list.

example:
  mailer import people.csv --list weekly --create

The header line names the columns, in any order and in several languages: email, first name, last name,
language, time zone, country, topics. All other columns become attributes. UTF-8, UTF-16 and Latin-1, commas,
semicolons and tabs are told apart. Rows that cannot be imported go to a file with their line and the reason.

how rows are merged:
  - Rows with the same address are one: of each field the last row that has a value counts.
  - A value in the file replaces the store's, an empty one keeps it. Topics are replaced as a whole,
    attributes one by one.
  - Who unsubscribed stays unsubscribed, who has not confirmed stays pending, and suppressed addresses stay
    suppressed. The same file imported again changes nothing.

All of it happens, or, after an error or Ctrl-C, nothing.
"""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a CSV file with a header line")
        parser.add_argument("--list", required=True, metavar="LIST", help="the mailing list's short name")
        parser.add_argument("--create", action="store_true", help="make the list where there is none")
        parser.add_argument(
            "--refused",
            type=Path,
            metavar="FILE",
            help="where refused rows are written (default: beside the file, as people.refused.csv)",
        )

    def handle(self, *, file: Path, list: str, create: bool, refused: Path | None, **_: Any) -> None:
        console = Console(file=cast(IO[str], self.stdout), highlight=False)
        try:
            # A list that was made for a file that cannot be imported is not kept.
            with transaction.atomic(), _progress(console) as bar:
                mailing_list = _mailing_list(list, create)
                task = bar.add_task("Reading", total=None)

                def show(done: int, total: int) -> None:
                    doing = "Merging" if done == total else "Reading"
                    bar.update(task, completed=done, total=total, description=doing)

                summary = import_file(
                    file,
                    mailing_list,
                    refused_path=refused or file.parent / f"{file.stem}.refused.csv",
                    progress=show,
                )
        except CannotImport as error:
            raise CommandError(str(error)) from error
        except (OperationalError, DriverError) as error:  # Django does not translate what COPY raises
            raise CommandError(f"The database failed, nothing was imported: {error}") from error
        except KeyboardInterrupt:
            raise CommandError("Stopped. Nothing was imported.", returncode=INTERRUPTED) from None
        _show(console, summary, mailing_list)


def _mailing_list(slug: str, create: bool) -> MailingList:
    found = MailingList.objects.filter(slug=slug).first()
    if found:
        return found
    if not create:
        slugs = ", ".join(MailingList.objects.order_by("slug").values_list("slug", flat=True))
        there = f"There are: {slugs}." if slugs else "There is none yet."
        raise CannotImport("unknown_list", f"There is no list {slug}. {there} --create makes it.")
    try:
        validate_slug(slug)
    except ValidationError as error:
        raise CannotImport(
            "bad_list_name", f"{slug} cannot be a list's name: use letters, digits, - and _."
        ) from error
    return MailingList.objects.create(slug=slug, name=slug.replace("-", " ").replace("_", " ").capitalize())


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _show(console: Console, summary: ImportSummary, mailing_list: MailingList) -> None:
    columns = summary.columns
    fields = ", ".join(f"{field} from “{columns.names[place]}”" for field, place in columns.fields.items())
    console.print(Text(f"{summary.file} ({summary.dialect}) → {mailing_list.name}"))
    console.print(Text(f"Fields: {fields}."))
    if columns.attributes:
        console.print(Text(f"Attributes: {', '.join(key for _, key in columns.attributes)}."))
    console.print(_table(summary))
    if summary.unknown_topics:
        named = sorted(summary.unknown_topics.items(), key=lambda each: (-each[1], each[0]))
        shown = ", ".join(f"{name} ({count:,})" for name, count in named[:SHOWN_TOPICS])
        more = f" and {len(named) - SHOWN_TOPICS:,} more" if len(named) > SHOWN_TOPICS else ""
        console.print(Text(f"Unknown topics: {shown}{more}."))
    if summary.refused_path:
        console.print(Text(f"The refused rows are in {summary.refused_path}."))


def _table(summary: ImportSummary) -> Table:
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")

    def add(label: str, count: int, style: str = "") -> None:
        table.add_row(Text(label), Text(f"{count:,}"), style=style)

    def add_all(counts: dict[str, int]) -> None:
        for label, count in counts.items():
            if count:
                add(f"  {label}", count, "dim")

    add("Rows", summary.rows, "bold")
    table.add_section()
    add("= imported (new)", summary.imported)
    add("+ merged with the store", summary.merged_with_store)
    add("+ unchanged", summary.unchanged)
    add("+ duplicates in the file", summary.duplicates_in_file)
    add("+ refused", summary.refused_rows)
    add_all({why.value: count for why, count in sorted(summary.refused.items(), key=lambda each: -each[1])})
    table.add_section()
    add("Came on the list", summary.subscribed, "bold")
    add_all(
        {
            "stay unsubscribed": summary.kept_unsubscribed,
            "stay pending until they confirm": summary.kept_pending,
            "get nothing: suppressed": summary.suppressed,
        }
    )
    if summary.notes:
        table.add_section()
        add("Left out of rows", sum(summary.notes.values()), "bold")
        add_all({note.value: count for note, count in summary.notes.items()})
    return table
