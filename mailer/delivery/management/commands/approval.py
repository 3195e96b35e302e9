from argparse import ArgumentParser
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from mailer.delivery.approval.changes import Change
from mailer.delivery.approval.state import State, state_of
from mailer.delivery.forecast.terminal import plain
from mailer.delivery.forecast.wording import moment
from mailer.delivery.models import Approval
from mailer.issues.find import NoSuchIssue, find_issue


class Command(BaseCommand):
    help = (
        "Where the approval of an issue stands: who asked and answered, and what changed since. "
        "Example: mailer approval china-digest/1"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "issue", help="newsletter/number, or newsletter for its newest, such as china-digest/1"
        )

    def handle(self, *args: Any, issue: str, **options: Any) -> None:
        try:
            found = find_issue(issue)
        except NoSuchIssue as error:
            raise CommandError(str(error)) from error
        _show(Console(file=cast(IO[str], self.stdout)), state_of(found))


def _show(console: Console, state: State) -> None:
    console.print(plain(str(state), "bold"), soft_wrap=True)
    console.print(plain(f"It goes to {state.matter.audience}.", "dim"), soft_wrap=True)
    changed = state.changed_since_asked if state.outdated else () if state.approved else state.changed
    for change in changed:
        console.print(plain(f"  {_words(change)}"), soft_wrap=True)
    for approval in state.history:
        console.print()
        for line in _lines(approval):
            console.print(plain(line), soft_wrap=True)


def _words(change: Change) -> str:
    before, after = (" ".join(text.split())[:100] for text in (change.before, change.after))
    return f"{change.where}: “{before}” is now “{after}”" if before or after else f"{change.where} changed"


def _lines(approval: Approval) -> list[str]:
    lines = [
        f"{moment(approval.asked_at)}: {approval.asked_by} asked, for {approval.audience}",
        *([f"  “{approval.note}”"] if approval.note else []),
    ]
    if approval.answered_at:
        lines.append(f"{moment(approval.answered_at)}: {approval.answer} by {approval.answered_by}")
        lines += [f"  “{approval.because}”"] if approval.because else []
    else:
        lines.append("  not answered yet")
    return lines
