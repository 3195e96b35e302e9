from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mailer.config.arguments import number
from mailer.delivery.forecast.wording import printable
from mailer.delivery.letters.listing import Listed, letters
from subscribers.management import command

HELP = """
List the mails of the system to single people, newest first, and what became of each: confirmations of sign-ups
and of new addresses, links to preferences, to one's data and to erasure.

examples:
  mailer letters
  mailer letters --failed --last 200
"""


class Command(command.Command):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--failed",
            action="store_true",
            help="only those that SendGrid refused or nobody knows about, that were tried in vain, or that have no "
            "newsletter to send them",
        )
        parser.add_argument(
            "--last", type=number(1, 10_000), default=50, metavar="N", help="so many at most (50)"
        )

    def handle(self, *args: Any, failed: bool, last: int, **options: Any) -> None:
        console = Console()
        found = list(letters(failed=failed, most=last))
        if not found:
            console.print("No letter has failed." if failed else "No letter was written yet.")
            return
        console.print(_table(found))
        if len(found) == last:
            console.print(f"There may be more: --last {2 * last}")


def _table(found: list[Listed]) -> Table:
    table = Table("letter", "kind", "to", "list", "age", "what became of it")
    for each in found:
        became = f"{each.standing}: {each.because}" if each.because else each.standing
        lines = (became, f"submission {each.submission}" if each.submission else "")
        table.add_row(
            str(each.letter),
            each.kind,
            Text(printable(each.address)),
            each.mailing_list,
            _age(each),
            Text("\n".join(printable(line) for line in lines if line)),
        )
    return table


def _age(each: Listed) -> str:
    seconds = int((timezone.now() - each.asked_at).total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{max(0, seconds)} s"
