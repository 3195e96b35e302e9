import getpass
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db.models import F, QuerySet
from rich.console import Console
from rich.table import Table

from mailer.delivery.models import Batch, Submission
from mailer.delivery.settle import accept, release


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
            _show(Console(), _unknown())
            return
        found = _find(submission)
        if not (accepted or send_again):
            raise CommandError("Say what became of it: --accepted or --send-again.")
        if not because.strip():
            raise CommandError("Say how you know: --because TEXT. It is kept with the decision.")
        evidence = f"decided by {getpass.getuser()}: {because.strip()}"
        done = accept([found], evidence) if accepted else release(found, evidence)
        if not done:
            raise CommandError("It was settled by evidence this moment, so nothing was changed.")
        self.stdout.write("It counts as accepted." if accepted else "It goes again.")


def _unknown() -> QuerySet[Submission]:
    unknown = Submission.objects.filter(batch__state=Batch.State.UNKNOWN, batch__submission_id=F("id"))
    return unknown.select_related("batch__send__issue__newsletter").order_by("started_at")


def _find(beginning: str) -> UUID:
    found = [submission.pk for submission in _unknown() if str(submission.pk).startswith(beginning.lower())]
    if len(found) != 1:
        which = "No unknown submission begins" if not found else f"{len(found)} unknown submissions begin"
        raise CommandError(f"{which} with {beginning!r}. List them with: mailer settle")
    return found[0]


def _show(console: Console, unknown: QuerySet[Submission]) -> None:
    if not unknown:
        console.print("No submission is unknown.")
        return
    table = Table(
        "submission",
        "send",
        "people",
        "made",
        "what is known",
        title="Unknown submissions",
        title_justify="left",
    )
    for submission in unknown:
        looks = submission.fruitless_looks
        known = submission.reason + (f"; SendGrid's logs showed nothing in {looks} looks" if looks else "")
        table.add_row(
            str(submission.pk),
            f"{submission.batch.send_id} ({submission.batch.send.issue})",
            f"{submission.size:,}",
            f"{submission.started_at:%d %b %H:%M:%S}",
            known,
        )
    console.print(table)
    console.print(
        "An event or SendGrid's Email Logs settle them by themselves. mailer help settle: to decide yourself."
    )
