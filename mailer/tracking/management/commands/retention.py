from argparse import ArgumentParser
from typing import Any

from rich.table import Table

from mailer.tracking.retention import apply as retain
from mailer.tracking.retention import rules
from subscribers.management import command

HELP = """
What is older than it may be kept: events, people who never confirmed, people who are inactive, stories of feeds. A worker
deletes it once a day; this shows what that would be, or does it now.

examples:
  mailer retention --dry-run
  mailer retention --apply

How long, in days, say RETENTION_EVENTS (400 unless set), RETENTION_UNCONFIRMED (30) and RETENTION_INACTIVE (not
set: for ever) and RETENTION_BACKLOG (90); the word keep means for ever.

  events       are deleted. Figures stay; mailer replay leaves those of sends from before alone.
  unconfirmed  whoever signed up, never confirmed and did nothing since is erased, and may sign up again.
  inactive     whoever is on no list, and of whom nothing is known for so long (no consent, no issue sent, no open,
               no click), is erased as if they had asked for it. Whoever is on a list is never inactive.
  stories      that a feed brought into a backlog, and that nobody took or touched, are deleted; the feed does not
               bring them again.
"""


class Command(command.Command):
    help = HELP

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--dry-run", action="store_true", help="show what would be deleted")
        what.add_argument("--apply", action="store_true", help="delete it")

    def handle(self, *, apply: bool, **_: Any) -> None:
        console = self.console()
        done = retain() if apply else None
        table = Table(title="Retention", title_justify="left")
        table.add_column("what")
        table.add_column("kept for")
        table.add_column("deleted" if done else "would be deleted", justify="right")
        for rule in rules():
            kept = "for ever" if rule.days is None else f"{rule.days:,} days"
            number = done[rule.name] if done else rule.count(rule.before) if rule.before else 0
            table.add_row(rule.name, f"{kept} ({rule.variable})", f"{number:,}")
        console.print(table)
