"""`mailer import FILE --list LIST`: put the subscribers in a file on a mailing list; stop, resume and undo that."""

import getpass
import time
from argparse import ArgumentTypeError
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, cast

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db import OperationalError, transaction
from kombu.exceptions import OperationalError as QueueError
from psycopg import OperationalError as DriverError
from rich.console import Console
from rich.text import Text

from subscribers.importing import CannotImport, steer, terminal
from subscribers.importing.carry_out import Progress, carry_out
from subscribers.importing.importer import check_refused_path, try_out, written_summary
from subscribers.importing.mapping import read_mapping, read_rules
from subscribers.importing.register import register
from subscribers.importing.undo import undo
from subscribers.management import command
from subscribers.models import Import, ImportState, MailingList

INTERRUPTED = 130
"""The exit code that shells give for Ctrl-C."""
STEP = 0.5
"""Seconds between two looks at an import that a worker works on."""

HELP = """
Put the subscribers in a CSV file or an Excel workbook (.xlsx) on a mailing list.

examples:
  mailer import people.csv --list weekly --create
  mailer import people.csv --list weekly --dry-run
  mailer import kunden.xlsx --list weekly --map "Firma=attributes.company" --map "Alter=attributes.age:number" \\
      --map "Notiz=-" --on-merge first_name=fill
  mailer import people.csv --list weekly --background     (then: mailer import --follow 7)
  mailer import --stop 7 · mailer import --resume 7 · mailer import --undo 7 · mailer imports

The header line names the columns, in any order and in several languages: email, first name, last name,
language, time zone, country, topics. Exports of Mailchimp, SendGrid Marketing, listmonk and Substack are
recognised: who left there does not become active here, and sign-up dates are kept. All other columns become
attributes. UTF-8, UTF-16 and Latin-1, commas, semicolons and tabs are told apart. Rows that cannot be imported
go to a file with their line and the reason.

--map says what a column means:
  email, first_name, last_name, name, language, time_zone, country, topics, state (active, unsubscribed, cleaned …),
  disabled (yes: gets no mail), signed_up (date), consent.KEY (proof), attributes.KEY, attributes.KEY:TYPE
  (text, number, date, yes_no, list), attributes (a JSON object), - (nothing).

how rows are merged:
  - Rows with the same address are one: of each field the last row that has a value counts.
  - A value in the file replaces the store's, an empty one keeps it. Topics are replaced as a whole,
    attributes one by one. --on-merge FIELD=fill takes the file's value only where the store has none,
    --on-merge FIELD=keep only for people whom the store does not have.
  - Who unsubscribed stays unsubscribed, who has not confirmed stays pending, and suppressed addresses stay
    suppressed. The same file imported again changes nothing.

It goes on in chunks, each of which happens whole or not at all. Ctrl-C stops it; what was imported before stays,
--resume goes on, --undo takes it back, as long as nothing was sent to its people. If this process is lost,
a worker goes on.
"""


class Command(command.Command):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", type=Path, nargs="?", metavar="FILE", help="a CSV file or a workbook with a header line"
        )
        parser.add_argument("--list", metavar="LIST", help="the mailing list's short name")
        parser.add_argument("--create", action="store_true", help="make the list where there is none")
        parser.add_argument(
            "--map", action="append", default=[], metavar="COLUMN=MEANING", help="what a column means"
        )
        parser.add_argument(
            "--on-merge",
            action="append",
            default=[],
            metavar="FIELD=RULE",
            help="replace (default), fill or keep",
        )
        parser.add_argument("--sheet", default="", metavar="NAME", help="of a workbook (default: the first)")
        parser.add_argument(
            "--refused",
            type=Path,
            metavar="FILE",
            help="where refused rows are written (default: beside the file, as people.refused.csv)",
        )
        parser.add_argument(
            "--flagged",
            type=Path,
            metavar="FILE",
            help="where addresses that look odd are written (default: nowhere)",
        )
        parser.add_argument("--dry-run", action="store_true", help="show what it would do, and do nothing")
        parser.add_argument("--background", action="store_true", help="leave it to the workers")
        for act, what in (
            ("follow", "show how one comes on"),
            ("stop", "stop one"),
            ("resume", "let one go on that was stopped or failed"),
            ("undo", "undo one"),
        ):
            parser.add_argument(f"--{act}", type=_number, metavar="IMPORT", help=what)

    def handle(self, *, file: Path | None, **options: Any) -> None:
        console = Console(file=cast(IO[str], self.stdout), highlight=False)
        acts = [act for act in ("follow", "stop", "resume", "undo") if options[act] is not None]
        if len(acts) + (file is not None) != 1:
            raise CommandError(
                "Name a file to import, or one of --follow, --stop, --resume, --undo with an import."
            )
        if acts and options["dry_run"]:
            raise CommandError(f"--dry-run tries a file out; --{acts[0]} cannot be tried out.")
        try:
            if file is not None:
                _import(console, file, options)
                return
            stored = steer.find(options[acts[0]])
            match acts[0]:
                case "stop":
                    steer.stop(stored.pk)
                    console.print(
                        Text(f"Import {stored.pk} is stopped. mailer import --resume {stored.pk} goes on.")
                    )
                case "undo":
                    _undo(console, stored)
                case "follow":
                    _follow(console, stored, options)
                case "resume":
                    if stored.state not in steer.UNDER_WAY:
                        steer.resume(stored.pk)
                    _carry_out(console, stored, options, None)
        except CannotImport as error:
            raise CommandError(str(error)) from error
        except (OperationalError, DriverError) as error:  # Django does not translate what COPY raises
            raise CommandError(
                f"The database failed: {error}\nNo row is half imported. See mailer imports once it is back."
            ) from error


def _number(written: str) -> int:
    if not written.isascii() or not written.isdigit() or int(written) >= 2**31:
        raise ArgumentTypeError(f"{written!r} is no number of an import, see mailer imports")
    return int(written)


def _import(console: Console, file: Path, options: dict[str, Any]) -> None:
    if not options["list"]:
        raise CannotImport("no_list", "Say on which mailing list: --list LIST.")
    refused_path = options["refused"] or file.parent / f"{file.stem}.refused.csv"
    mapping, rules = read_mapping(options["map"]), read_rules(options["on_merge"])
    if file.is_file() and not options["dry_run"] and not options["background"]:
        check_refused_path(file, refused_path)

    # A list that was made for a file that cannot be imported is not kept.
    @transaction.atomic
    def take_in() -> Import:
        mailing_list = _mailing_list(options["list"], options["create"])
        return register(file, mailing_list, mapping=mapping, rules=rules, sheet=options["sheet"], by=_who())

    try:
        if options["dry_run"]:
            with terminal.progress_bar(console) as bar:
                summary, refused = try_out(take_in, _shown_on(bar, "Trying"))
            console.print(Text("A dry run: nothing of this was done.", style="bold"))
            terminal.show_summary(console, summary, options["list"])
            terminal.show_refused(console, refused)
            return
        stored = take_in()
    except KeyboardInterrupt:
        raise CommandError("Stopped. Nothing was imported.", returncode=INTERRUPTED) from None
    _carry_out(console, stored, options, refused_path)


def _carry_out(console: Console, stored: Import, options: dict[str, Any], refused_path: Path | None) -> None:
    """Work on an import here, or leave it to the workers; follow it where one of them has it already."""
    if options["background"]:
        _hand_out(stored)
        console.print(
            Text(
                f"Import {stored.pk} is left to the workers. mailer import --follow {stored.pk} shows how it comes on."
            )
        )
        return
    try:
        with terminal.progress_bar(console) as bar:
            carry_out(stored.pk, progress=_shown_on(bar, "Importing"))
            _watch(bar, stored)
    except KeyboardInterrupt:
        with suppress(CannotImport):
            steer.stop(stored.pk)
        stored.refresh_from_db()
        raise CommandError(
            f"Import {stored.pk} is stopped after {stored.rows_read:,} rows, which stay imported. "
            f"mailer import --resume {stored.pk} goes on, mailer import --undo {stored.pk} takes it back.",
            returncode=INTERRUPTED,
        ) from None
    _report(console, stored, options, refused_path)


def _follow(console: Console, stored: Import, options: dict[str, Any]) -> None:
    try:
        with terminal.progress_bar(console) as bar:
            _watch(bar, stored)
    except KeyboardInterrupt:
        raise CommandError(
            f"Import {stored.pk} goes on in the background. mailer import --stop {stored.pk} stops it.",
            returncode=INTERRUPTED,
        ) from None
    _report(console, stored, options, None)


def _watch(bar: Any, stored: Import) -> None:
    """Show how an import comes on, until it is under way no more."""
    show = _shown_on(bar, "Importing")
    stored.refresh_from_db()
    while stored.state in steer.UNDER_WAY:
        show(stored.position, stored.size)
        time.sleep(STEP)
        stored.refresh_from_db()


def _report(console: Console, stored: Import, options: dict[str, Any], refused_path: Path | None) -> None:
    stored.refresh_from_db()
    if stored.state != ImportState.DONE:
        raise CommandError(f"Import {stored.pk} {terminal.state_of(stored)}.")
    place = refused_path or options["refused"]
    summary = written_summary(stored, place, options["flagged"])
    terminal.show_summary(console, summary, stored.mailing_list.name)
    console.print(Text(f"This was import {stored.pk}. mailer import --undo {stored.pk} takes it back."))


def _undo(console: Console, stored: Import) -> None:
    with terminal.progress_bar(console) as bar:
        task = bar.add_task("Undoing", total=None)
        done = undo(stored.pk, by=_who(), progress=lambda people: bar.update(task, completed=people))
    console.print(Text(f"Import {stored.pk} is undone: {terminal.undone_words(done)}"))


def _hand_out(stored: Import) -> None:
    from subscribers.tasks import import_file

    with suppress(QueueError):  # beat hands it out once the queue is back
        import_file.delay(stored.pk)


def _shown_on(bar: Any, doing: str) -> Progress:
    task = bar.add_task(doing, total=None)
    return lambda done, total: bar.update(task, completed=done, total=total)


def _who() -> str:
    try:
        return f"{getpass.getuser()}, command line"
    except (KeyError, OSError):  # a user without a name
        return "command line"


def _mailing_list(slug: str, create: bool) -> MailingList:
    found = MailingList.objects.filter(slug=slug).first()
    if found:
        return found
    if not create:
        slugs = ", ".join(MailingList.objects.order_by("slug").values_list("slug", flat=True))
        there = f"There are: {slugs}." if slugs else "There is none yet."
        raise CannotImport("unknown_list", f"There is no list {slug}. {there} --create makes it.")
    try:
        MailingList._meta.get_field("slug").run_validators(slug)
    except ValidationError as error:
        raise CannotImport(
            "bad_list_name", f"{slug} cannot be a list's name: use letters, digits, - and _, 50 at most."
        ) from error
    return MailingList.objects.create(slug=slug, name=slug.replace("-", " ").replace("_", " ").capitalize())
