import getpass
import os
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mailer.delivery.settle import accept, release
from mailer.delivery.unknown import Known, known, unknown


class Command(BaseCommand):
    help = (
        "List the submissions whose outcome is unknown, or decide about one that no evidence settled. "
        'Example: mailer settle 0b0e… --accepted --because "SendGrid\'s activity feed shows it"'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("submission", nargs="?", help="its id, or the beginning of it")
        decision = parser.add_mutually_exclusive_group()
        decision.add_argument(
            "--accepted", action="store_true", help="SendGrid took it: nobody in it gets it again"
        )
        decision.add_argument(
            "--send-again", action="store_true", help="SendGrid did not take it: it goes again"
        )
        parser.add_argument("--because", default="", help="how you know; kept with your name")

    def handle(
        self,
        *args: Any,
        submission: str | None,
        accepted: bool,
        send_again: bool,
        because: str,
        **options: Any,
    ) -> None:
        if submission is None:
            _show(Console())
            return
        found = _find(submission)
        if not (accepted or send_again):
            raise CommandError("Say what became of it: --accepted or --send-again.")
        if not because.strip():
            raise CommandError("Say how you know: --because TEXT. It is kept with the decision.")
        who = f"{_user()} (command line)"
        settled = accept([found], because.strip(), who) if accepted else release(found, because.strip(), who)
        if not settled:
            raise CommandError("It was settled by evidence this moment, so nothing was changed.")
        self.stdout.write("It counts as accepted." if accepted else "It goes again.")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container, under a number that has no name
        return f"user {os.getuid()}"


def _find(beginning: str) -> UUID:
    if not beginning.strip():  # an empty variable of a script, say: every id begins with it
        raise CommandError(
            "Say which submission: its id, or the beginning of it. List them with: mailer settle"
        )
    found = [submission.pk for submission in unknown() if str(submission.pk).startswith(beginning.lower())]
    if len(found) != 1:
        which = "No unknown submission begins" if not found else f"{len(found)} unknown submissions begin"
        raise CommandError(f"{which} with {beginning!r}. List them with: mailer settle")
    return found[0]


def _show(console: Console) -> None:
    table = Table(
        "submission",
        "send",
        "people",
        "made",
        "what is known",
        title="Unknown submissions",
        title_justify="left",
        show_lines=True,
    )
    for found in known(unknown()):
        submission = found.submission
        table.add_row(
            str(submission.pk),
            Text(submission.batch.carries),
            f"{submission.size:,}",
            f"{timezone.localtime(submission.started_at):%d %b %H:%M:%S}",
            Text("\n".join(_lines(found))),
        )
    if not table.row_count:
        console.print("No submission is unknown.")
        return
    console.print(table)
    console.print(
        "An event or SendGrid's Email Logs settle them by themselves. mailer help settle: to decide yourself."
    )


def _lines(found: Known) -> Iterator[str]:
    yield found.answer
    if found.submission.message_id:
        yield f"message id {found.submission.message_id}"
    yield (
        f"events, none of which names it, about {found.heard_of:,} of its people"
        if found.heard_of
        else "no event seen"
    )
    yield found.looks
    if found.next_look:
        yield f"next look from {timezone.localtime(found.next_look):%d %b %H:%M:%S} on"
    else:
        yield "too old to be looked up again"
