"""The `mailer` command: Django's management commands, on embedded servers where no others are named."""

import os
import sys

from rich.console import Console
from rich.table import Table

from mailer.config.environment import ConfigurationError
from mailer.local import embedded
from mailer.local.errors import ServerError
from mailer.local.shared_servers import shut_down

COMMANDS = {
    "Try it": {
        "demo": "the main job once, with a sample issue and 20,000 made-up people",
        "up": "web, workers, beat and emulator in one terminal",
        "down": "stop embedded servers that a killed process left running",
    },
    "Subscribers": {
        "import FILE --list LIST": "add people from a CSV file to a mailing list",
    },
    "Issues": {
        "build ISSUE --out DIR": "write what would go out, and check it",
        "send ISSUE": "plan, show who gets it, ask, send, follow",
        "pause SEND · resume SEND": "stop a send that is under way; let it go on",
        "report SEND": "what became of it; --html FILE writes a page",
        "replay": "rebuild every figure from the events",
    },
    "Run it": {
        "migrate": "bring the database up to date",
        "createsuperuser": "make an account for the staff site",
        "web": "the site and the event webhook",
        "worker": "submit batches, fold events",
        "beat": "hand out what is due, every few seconds",
        "alive PROCESS": "whether web, worker or beat works, for health checks",
        "emulator": "a SendGrid on this machine, with an inbox page",
    },
}
"""By whom they are for. Every command has more to say: mailer help COMMAND."""


def main() -> None:
    """Run one command. Exits 1 with a message of a few lines when it cannot start."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailer.config.settings")
    try:
        match sys.argv[1:]:
            case [] | ["help"] | ["--help"] | ["-h"]:
                _show_commands()
            case ["down"]:
                shut_down(embedded.var_folder())
            case _:
                with embedded.environment(os.environ):
                    _run(sys.argv)
    except (ConfigurationError, ServerError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("\nStopped.")


def _run(arguments: list[str]) -> None:
    from django.core.management import call_command, execute_from_command_line

    if os.environ.pop("MAILER_MIGRATE", "") and arguments[1:2] not in (
        ["help"],
        ["migrate"],
        ["makemigrations"],
    ):
        import django

        django.setup()
        call_command("migrate", verbosity=0)
    execute_from_command_line(arguments)


def _show_commands() -> None:
    console = Console()
    for who, commands in COMMANDS.items():
        table = Table(title=who, title_justify="left", box=None, show_header=False, padding=(0, 2))
        table.add_column(width=26, style="bold")
        table.add_column()
        for usage, purpose in commands.items():
            table.add_row(usage, purpose)
        console.print(table)
    console.print("\nmailer help COMMAND says more about each.")


if __name__ == "__main__":
    main()
