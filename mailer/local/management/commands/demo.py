import os
import shlex
from contextlib import ExitStack
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Max
from rich.console import Console
from rich.panel import Panel

from mailer.delivery.models import Send
from mailer.delivery.progress import progress
from mailer.local import embedded
from mailer.local.demo import wait_for_events, wait_until_up, write_those_who_left
from mailer.local.processes import processes, running
from mailer.local.sample_issue import write_issue, write_newsletter
from mailer.local.sample_people import write_people
from mailer.tracking.models import Event

WORKERS = 2


class Command(BaseCommand):
    help = (
        "Run the main job once on this machine, with a sample issue and 20,000 made-up people: "
        "import, build, check, send, follow, report. It can be run again: each run sends the next issue. "
        "Example: mailer demo"
    )

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console()
        folder = embedded.var_folder() / "demo"
        folder.mkdir(parents=True, exist_ok=True)
        with embedded.only_one(os.environ) as addresses, ExitStack() as ends:
            if addresses.emulator is None:
                raise CommandError(
                    "The demo mails made-up people: unset SENDGRID_API_KEY, so that the emulator takes it."
                )
            logs = embedded.var_folder() / "log"
            console.print(
                f"Starting the site, {WORKERS} workers, beat and the emulator. Logs: {logs}",
                highlight=False,
                soft_wrap=True,
            )
            backgrounds = ends.enter_context(running(processes(addresses, WORKERS), logs))
            newsletter = write_newsletter()
            write_those_who_left(newsletter.mailing_list)
            issue = write_issue(newsletter)
            people = folder / "subscribers.csv"
            write_people(people)

            _run(console, "import", str(people), "--list", newsletter.mailing_list.slug)
            _run(console, "build", str(issue), "--out", str(folder / "issue"))
            wait_until_up(addresses, backgrounds)
            newest = Event.objects.aggregate(newest=Max("id"))["newest"] or 0
            _run(console, "send", str(issue), "--yes")
            wait_for_events(console, addresses.emulator, after=newest)
            send = Send.objects.get(issue=issue)
            _run(console, "report", str(send.pk), "--html", str(folder / "report.html"))

        console.print(
            Panel(
                f"[bold]The issue[/]    {folder / 'issue' / 'issue.html'}\n"
                f"[bold]The report[/]   {folder / 'report.html'}\n"
                f"[bold]The inbox[/]    make up, then {addresses.emulator}/\n"
                f"[bold]On the web[/]   make up, then {addresses.web}/archive/{newsletter.slug}\n"
                f"[bold]The site[/]     make up, then {addresses.web}/staff/",
                title="Where to look",
                expand=False,
            )
        )
        if not progress(send).adds_up:
            raise CommandError("The numbers of the report do not add up.")


def _run(console: Console, *command: str) -> None:
    """Run a command as one would type it, and show what one would type."""
    console.print(f"\n[bold green]$[/] [bold]mailer {shlex.join(command)}[/]", highlight=False)
    call_command(*command)
