"""The `mailer` command: Django's management commands, on embedded servers where no others are named."""

import os
import sys
from contextlib import nullcontext
from errno import ENOSPC

from django.db import OperationalError
from rich.console import Console
from rich.table import Table

from mailer.config.environment import ConfigurationError
from mailer.config.logs import SERVICES
from mailer.emulator.config import EmulatorError
from mailer.local import embedded
from mailer.local.errors import ServerError
from mailer.local.locks import lock
from mailer.local.parent import end_with_parent
from mailer.local.shared_servers import shut_down

COMMANDS = {
    "Try it": {
        "demo": "the main job once, with a sample issue and 20,000 made-up people",
        "up": "web, workers, beat and emulator in one terminal",
        "down": "stop embedded servers that a killed process left running",
    },
    "Subscribers": {
        "import FILE --list LIST": "people from a CSV file or workbook; --stop --resume --undo",
        "imports": "the imports there were; the rows that one refused",
        "segment ACT": "saved rules over people: list, show, set, count, snapshot, overlap, explain, in-reports",
        "export --list|--segment": "write people into a CSV file",
        "search TEXT": "find people by any part of their address and name",
        "suppressions ACT": "addresses that get nothing: list, add, lift; pull and push SendGrid's",
        "form LIST": "the sign-up form of a mailing list: HTML for one's site, settings",
        "letters": "confirmations and links mailed to single people; --failed",
        "person ADDRESS": "all that is held on somebody; --timeline; --export DIR hands it to them",
        "consent ADDRESS": "what they agreed to, when, how and to which words",
        "erase ADDRESS": "erase a person for good; figures stay right",
        "retention": "what is older than it may be kept; --dry-run, --apply",
    },
    "Issues": {
        "capture NEWSLETTER URL": "put a page of the web into the backlog as a story",
        "feeds": "the feeds that fill backlogs; --look looks at them now",
        "new NEWSLETTER": "begin the next issue, from the last one or --empty",
        "versions ISSUE": "who wrote what and when; --show REVISION, --restore REVISION",
        "build ISSUE --out DIR": "write what would go out, and check it",
        "plan SEND|ISSUE --dry-run": "who would get it and who not, when and why; new and fallen out",
        "why SEND ADDRESS": "why somebody gets it, or does not",
        "test ISSUE --to ADDRESS": "a test mail, as an example, some topics or one person sees it",
        "approval ISSUE": "who asked and who approved, and what changed since",
        "send ISSUE": "plan, show who gets it, ask, send, follow",
        "pause SEND · resume SEND": "stop a send that is under way; let it go on",
        "cancel SEND": "end a send for good; says how many got it",
        "settle": "list submissions without a known outcome; decide about one",
        "people SEND": "who got it and who did not; --csv FILE writes them",
        "report SEND": "what became of it; --html FILE writes a page; --newsletter SLUG",
        "archive NEWSLETTER": "its issues on the web: addresses, and what is in it",
        "clickmap SEND": "clicks on each of its links, drawn on the issue; --html FILE",
        "replay": "rebuild every figure from the events",
    },
    "Run it": {
        "doctor": "check the whole installation: what is wrong, and what to do",
        "migrate": "bring the database up to date",
        "createsuperuser": "make the first account for the staff site",
        "invite ADDRESS --role": "an account for somebody, and the link to choose a password",
        "role ACT": "who may do what: list, give, take; forget-factor",
        "web": "the site and the event webhook",
        "worker": "submit batches, fold events",
        "alerts": "what is wrong now, and what was lately; exits 1 while one is open",
        "pace": "how fast it may go now, and what ceilings leave",
        "beat": "hand out what is due, every few seconds",
        "alive PROCESS": "whether web, worker or beat works, for health checks",
        "emulator": "a SendGrid on this machine, with an inbox page",
    },
}
"""By whom they are for. Every command has more to say: mailer help COMMAND."""


HELP = {"help", "--help", "-h"}
DOWN = """usage: mailer down

Stop the embedded PostgreSQL and Redis that a killed process left running. Where another mailer process still
uses them it stops nothing and says so. Data stay. Example: mailer down"""


def main() -> None:
    """Run one command. Exits 1 with a message of a few lines when it cannot start."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailer.config.settings")
    arguments = sys.argv[1:]
    try:
        match arguments:
            case [] | ["help"] | ["--help"] | ["-h"]:
                _show_commands()
            case ["down"]:
                shut_down(embedded.var_folder())
            case ["help", "down"] | ["down", "--help" | "-h"]:
                print(DOWN)
            case ["down", *_]:
                sys.exit(DOWN)
            case _ if HELP.intersection(arguments):
                embedded.nowhere(os.environ)
                _run(arguments)
            case [command, *_]:
                by_hand = embedded.one_of_them() if command in SERVICES else nullcontext()
                with embedded.environment(os.environ), by_hand:
                    end_with_parent(os.environ)
                    _run(arguments)
    except (ConfigurationError, EmulatorError, ServerError) as error:
        sys.exit(str(error))
    except OperationalError as error:
        sys.exit(f"PostgreSQL does not answer: {error}Nothing is lost. Try again when it is back.")
    except OSError as error:
        if error.errno != ENOSPC:
            raise
        sys.exit(f"The output could not be written: {error.strerror}.")
    except UnicodeEncodeError:
        sys.exit("An argument holds bytes that are not UTF-8. Write it in UTF-8.")
    except KeyboardInterrupt:
        sys.exit("\nStopped.")


def _run(arguments: list[str]) -> None:
    import django
    from django.core.management import execute_from_command_line, get_commands

    django.setup()
    command, *rest = arguments
    if os.environ.pop("MAILER_MIGRATE", "") and command not in ("migrate", "makemigrations"):
        _migrate_our_database()
    # Django's checks load each page of the site, for half a second; `make check` has them done once for all.
    ours = str(get_commands().get(command, "")).startswith(("mailer.", "subscribers"))
    execute_from_command_line(["mailer", command, *(["--skip-checks"] if ours else []), *rest])


def _migrate_our_database() -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    with lock(embedded.var_folder() / "migrate.lock") as turn:
        turn.wait()
        # Asked first, because the command takes a fifth of a second also where there is nothing to do.
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", verbosity=0)


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
