"""`mailer export --list LIST|--segment SEGMENT`: write subscribers into a CSV file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

import structlog
from django.core.management.base import CommandError, CommandParser
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from subscribers.exporting.errors import CannotExport
from subscribers.exporting.export import Export, pieces, prepare
from subscribers.exporting.scope import scope_of
from subscribers.management import command
from subscribers.models import Subscription
from subscribers.segments.errors import SegmentError

log = structlog.get_logger()

HELP = """
Write the subscribers of a list or a segment as CSV, for a spreadsheet or another system.

examples:
  mailer export --list weekly --out weekly.csv
  mailer export --segment payments-readers --columns email,first_name,topics
  mailer export --list weekly --state active --out active.csv

columns: email, first_name, last_name, language, time_zone, country, topics, attributes (one for each key, as
attributes.KEY:TYPE), subscription.state, .cadence, .paused_until, .source, .since, .changed_at (with --list),
suppressed_for, known_since.

mailer import reads the file back without change. Cells that a spreadsheet would run as formulas begin with an
apostrophe, which the import takes away. Whoever was erased is not in it. Without --out it goes to the standard output.
"""


class Command(command.Command):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--list", default="", metavar="LIST", help="the mailing list's short name")
        parser.add_argument("--segment", default="", metavar="SEGMENT", help="with --list: who is in both")
        parser.add_argument(
            "--out", type=Path, metavar="FILE", help="where to write it, readable by you alone"
        )
        parser.add_argument(
            "--state",
            action="append",
            default=[],
            choices=Subscription.State.values,
            help="only these subscriptions; may be given several times",
        )
        parser.add_argument(
            "--columns", default="", metavar="NAMES", help="only these, in this order, with commas"
        )

    def handle(
        self, *, list: str, segment: str, out: Path | None, state: list[str], columns: str, **_: Any
    ) -> None:
        names = [name for each in columns.split(",") if (name := each.strip())]
        try:
            scope = scope_of(list_slug=list, segment_slug=segment, states=state)
            export = prepare(scope, names)
            count = _write_file(out, export) if out else _write(cast(IO[str], self.stdout), export)
        except (CannotExport, SegmentError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            where = f"{out} cannot be written to" if out else "The output was closed before the end"
            raise CommandError(f"{where} ({error.strerror}).") from error
        log.info("subscribers_exported", scope=str(scope), people=count, by="command line")
        if out:
            self.stdout.write(f"{count:,} subscribers are in {out}.")


def _write(file: IO[str], export: Export) -> int:
    """Returns how many people."""
    counted = 0

    def told(done: int) -> None:
        nonlocal counted
        counted = done

    # Django's own stream would add a line break to each piece.
    raw = getattr(file, "_out", file)
    for piece in pieces(export, told):
        raw.write(piece)
    raw.flush()
    return counted


def _write_file(path: Path, export: Export) -> int:
    with _new_file(path) as file, _progress() as bar:
        task = bar.add_task("Exporting", total=None, state="")
        counted = 0

        def told(done: int) -> None:
            nonlocal counted
            counted = done
            bar.update(task, state=f"{done:,} subscribers")

        for piece in pieces(export, told):
            file.write(piece)
    return counted


@contextmanager
def _new_file(path: Path) -> Iterator[IO[str]]:
    """A file that is there as a whole or not at all; personal data, so for its owner alone."""
    part = path.parent / f"{path.name}.part"
    try:
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(number, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            yield file
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def _progress() -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.fields[state]}"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)
