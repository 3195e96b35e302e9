import os
import shlex
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from honcho.manager import Manager
from honcho.printer import Printer
from rich.console import Console
from rich.panel import Panel

from mailer.config.arguments import number
from mailer.local import embedded
from mailer.local.parent import for_children
from mailer.local.processes import processes

STOPPED = 130
"""What honcho says after Ctrl-C: nothing went wrong."""


class Command(BaseCommand):
    help = (
        "Run everything on this machine in one terminal: web, workers, beat, emulator. Ctrl-C stops it all. "
        "Example: mailer up --workers 4"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--workers", type=number(1, 64), default=2, help="worker processes, 16 requests in flight each"
        )

    def handle(self, *args: Any, workers: int, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        with embedded.only_one(os.environ) as addresses:
            console = Console()
            environment = {**for_children(os.environ), "PYTHONUNBUFFERED": "1"}
            if console.is_terminal:
                environment["FORCE_COLOR"] = "1"
            console.print(_welcome(addresses))
            manager = Manager(Printer(sys.stdout))
            for process in processes(addresses, workers):
                manager.add_process(process.name, shlex.join(process.command), env=environment)
            manager.loop()
        sys.exit(0 if manager.returncode == STOPPED else manager.returncode)


def _welcome(addresses: embedded.Addresses) -> Panel:
    inbox = f"{addresses.emulator}/" if addresses.emulator else "none: mail goes out through SendGrid"
    text = (
        f"[bold]Staff site[/]   {addresses.web}/staff/   (make an account first: mailer createsuperuser)\n"
        f"[bold]Inbox[/]        {inbox}\n"
        "Ctrl-C stops everything."
    )
    return Panel(text, title="mailer", expand=False)
