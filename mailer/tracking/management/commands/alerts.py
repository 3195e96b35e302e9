"""`mailer alerts`: what is wrong with the installation now, and what was lately."""

import json
import sys
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from rich.console import Console
from rich.text import Text

from mailer.delivery.forecast.wording import moment, printable
from mailer.tracking.models import Alert
from subscribers.management import command

LATELY = timedelta(days=7)
"""What ended within it is shown too."""

HELP = """
What is wrong with the installation now, since when, and what to do; and what was wrong within the last seven days.
Exits with 1 while an alert is open, so that a monitor can run it. It reads what workers found: that none runs, or that
PostgreSQL is away, is for /readyz.

examples:
  mailer alerts
  mailer alerts --all
  mailer alerts --json
"""


class Command(command.Command):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="every alert that there was")
        parser.add_argument("--json", action="store_true", help="as JSON, for programs")

    def handle(self, *, all: bool, **options: Any) -> None:
        opened = list(Alert.objects.filter(ended_at=None).order_by("-began_at", "-id"))
        over = Alert.objects.filter(ended_at__isnull=False).order_by("-ended_at", "-id")
        ended = list(over if all else over.filter(ended_at__gt=timezone.now() - LATELY))
        if options["json"]:
            self.stdout.write(json.dumps([_values(alert) for alert in (*opened, *ended)], indent=2))
        else:
            _show(self.console(), opened, ended)
        if opened:
            sys.exit(1)


def _values(alert: Alert) -> dict[str, str | int | None]:
    return {
        "id": alert.pk,
        "kind": alert.kind,
        "subject": alert.subject,
        "title": str(alert),
        "text": alert.text,
        "began_at": alert.began_at.isoformat(),
        "seen_at": alert.seen_at.isoformat(),
        "ended_at": alert.ended_at.isoformat() if alert.ended_at else None,
    }


def _show(console: Console, opened: list[Alert], ended: list[Alert]) -> None:
    if not opened:
        console.print("Nothing is wrong.")
    for alert in opened:
        console.print(Text(printable(str(alert)), style="bold red"))
        console.print(f"open since {moment(alert.began_at)}")
        for paragraph in alert.text.splitlines():
            console.print(Text(printable(paragraph)))
        console.print()
    if ended:
        console.print("Over:")
    for alert in ended:
        console.print(Text(f"  {_span(alert)}  {printable(str(alert))}"))


def _span(alert: Alert) -> str:
    ended = alert.ended_at or alert.seen_at
    return f"{moment(alert.began_at)} to {moment(ended)}"
