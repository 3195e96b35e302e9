from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mailer.tracking.replay import rebuild
from subscribers.management import command

HELP = """
Rebuild every figure of every send from the events that are kept, and fold what waits. Until it is done pages show
the figures of before; events that come in meanwhile wait. Nobody is suppressed or taken off a list a second time.
Sends whose first events are deleted already (see mailer help retention) keep their figures.

example:
  mailer replay
"""


class Command(command.Command):
    help = HELP

    def handle(self, *args: Any, **options: Any) -> None:
        console = self.console()
        with Progress(
            TextColumn("events"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
        ) as shown:
            task = shown.add_task("events", total=None)
            count = rebuild(lambda done, of: shown.update(task, completed=done, total=of))
        console.print(f"All figures were rebuilt from {count:,} events.")
