"""`mailer suppressions pull|push|list|add|lift`: the addresses that must get nothing, here and at SendGrid."""

from argparse import ArgumentTypeError
from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import IO, Any, cast

from django.core.management.base import CommandError, CommandParser
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from mailer.delivery.submit import sendgrid
from mailer.delivery.suppressing import push as pushing
from mailer.delivery.suppressing import remove as removing
from mailer.delivery.suppressing.pull import LISTS, Pulled, pull
from mailer.delivery.suppressing.turn import seconds_to_wait
from mailer.sendgrid.errors import CallFailed
from subscribers.management import command
from subscribers.models import Lifting, Suppression
from subscribers.suppressing.add import suppress
from subscribers.suppressing.errors import CannotSuppress
from subscribers.suppressing.find import suppressions_of
from subscribers.suppressing.lift import lift

SHOWN = 1_000
"""Rows of a list at most."""

HELP = """
The addresses that must get nothing: hard bounces, complaints, invalid addresses, who asked for it, and by hand.

examples:
  mailer suppressions list --reason bounce
  mailer suppressions add press@example.org --reason manual --detail "asked by phone"
  mailer suppressions lift press@example.org --reason "mailbox works again, they wrote on 3 May" --by "Anna Tan"
  mailer suppressions pull --since 2026-01-01
  mailer suppressions push

Beat pulls SendGrid's lists every hour, and tells SendGrid every half minute what was suppressed or lifted here.
A complaint is never lifted.
"""


class Command(command.Command):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
        pulling = acts.add_parser("pull", help="read SendGrid's lists from where they were left")
        pulling.add_argument(
            "--since", type=_date, metavar="DATE", help="read again from this day on, such as 2026-01-31"
        )
        acts.add_parser("push", help="tell SendGrid what was suppressed and lifted here")
        listing = acts.add_parser("list", help="show them, newest first")
        listing.add_argument("address", nargs="?", help="only this one, and how it was lifted before")
        listing.add_argument("--reason", choices=Suppression.Reason.values)
        adding = acts.add_parser("add", help="let an address get nothing from now on")
        adding.add_argument("address")
        adding.add_argument("--reason", choices=Suppression.Reason.values, default=Suppression.Reason.MANUAL)
        adding.add_argument("--detail", default="", help="a note for the record")
        lifting = acts.add_parser("lift", help="take an address off; recorded, and not after a complaint")
        lifting.add_argument("address")
        lifting.add_argument("--reason", required=True, metavar="TEXT", help="why; kept for good")
        lifting.add_argument("--by", required=True, metavar="NAME", help="who you are; kept for good")

    def handle(self, *, act: str, **options: Any) -> None:
        console = Console(file=cast(IO[str], self.stdout), highlight=False)
        try:
            match act:
                case "pull":
                    _pull(console, options["since"])
                case "push":
                    _push(console)
                case "list":
                    _list(console, options["address"], options["reason"])
                case "add":
                    added = suppress(options["address"], options["reason"], options["detail"])
                    console.print("Suppressed." if added else "It was suppressed for this reason already.")
                case "lift":
                    lifted = lift(options["address"], by=options["by"], because=options["reason"])
                    _say_lifted(console, lifted)
        except CannotSuppress as error:
            raise CommandError(str(error)) from error
        except CallFailed as error:
            raise CommandError(
                f"{error.message}. What was done is kept; run it again to go on.{_wait()}"
            ) from error


def _date(written: str) -> datetime:
    try:
        day = parse_date(written)
    except ValueError:
        day = None
    if day is None:
        raise ArgumentTypeError(f"{written!r} is no day: write it as 2026-01-31")
    since = datetime.combine(day, time(), UTC)
    if since > timezone.now():  # else all before it would count as read
        raise ArgumentTypeError(f"{written!r} lies in the future")
    return since


def _wait() -> str:
    seconds = seconds_to_wait()
    return f" SendGrid takes calls again in {seconds:.0f} s." if seconds else ""


def _pull(console: Console, since: datetime | None) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[state]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {
            name: bars.add_task(name.replace("_", " "), total=1.0, state="") for name in LISTS
        }

        def show(pulled: Pulled, start: datetime, until: datetime, end: datetime) -> None:
            done = (until - start) / (end - start) if end > start else 1.0
            state = f"{until:%d %b %Y}: {pulled.read:,} read, {pulled.added:,} new"
            bars.update(tasks[pulled.name], completed=min(done, 1.0), state=state)

        lists = pull(sendgrid(), since=since, progress=show)
    _show_pulled(console, lists)


def _show_pulled(console: Console, lists: Sequence[Pulled]) -> None:
    table = Table("list at SendGrid", "becomes", title="Pulled", title_justify="left")
    headings = ("read", "new here", "known", "lifted since", "erased people", "unusable")
    for heading in headings:
        table.add_column(heading, justify="right")
    for pulled in lists:
        counts = (pulled.read, pulled.added, pulled.known, pulled.lifted, pulled.erased, pulled.odd)
        table.add_row(
            pulled.name.replace("_", " "), LISTS[pulled.name].label, *(f"{count:,}" for count in counts)
        )
    console.print(table)
    console.print("Blocks are not pulled: they do not suppress, the address is good.")


def _push(console: Console) -> None:
    removed = removing.remove_lifted(sendgrid())
    pushed = pushing.push(sendgrid())
    console.print(f"Taken off SendGrid's lists: {removed:,}. Added to its global list: {pushed.told:,}.")
    if pushed.impossible:
        console.print(
            f"SendGrid takes no form of {pushed.impossible:,} more, so it cannot send to them either."
        )


def _list(console: Console, address: str | None, reason: str | None) -> None:
    chosen: QuerySet[Suppression] = suppressions_of(address) if address else Suppression.objects.all()
    if reason:
        chosen = chosen.filter(reason=reason)
    rows = list(chosen.order_by("-id")[: SHOWN + 1])
    table = Table(Column("address", overflow="fold"), "reason", "since", "SendGrid knows", "detail")
    for row in rows[:SHOWN]:
        cells = (row.address, row.get_reason_display(), _day(row.created_at))
        table.add_row(*map(Text, (*cells, _knows(row), row.detail)))
    console.print(table if rows else "Not suppressed." if address else "Nothing is suppressed.")
    if len(rows) > SHOWN:
        console.print(f"The newest {SHOWN:,} of {chosen.count():,}.")
    if address:
        _show_liftings(console, address)


def _knows(row: Suppression) -> str:
    if row.origin == Suppression.Origin.PROVIDER:
        return "from there"
    return "told" if row.pushed_at else "not yet"


def _show_liftings(console: Console, address: str) -> None:
    table = Table(
        "lifted", "was suppressed for", "since", "by", "because", "gone at SendGrid", title_justify="left"
    )
    for row in (
        Lifting.objects.filter(address=address.strip().lower()).select_related("removal").order_by("-id")
    ):
        cells = (_day(row.at), row.get_reason_display(), _day(row.suppressed_at), row.by, row.because)
        table.add_row(*map(Text, (*cells, "yes" if hasattr(row, "removal") else "not yet")))
    if table.row_count:
        console.print(table)


def _day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%d %b %Y %H:%M}"


def _say_lifted(console: Console, lifted: Sequence[Lifting]) -> None:
    reasons = ", ".join(row.get_reason_display() for row in lifted)
    console.print(Text(f"{lifted[0].address} is not suppressed any more. It was: {reasons}."))
    console.print("SendGrid is asked to take it off its lists within a minute, until it is done.")
