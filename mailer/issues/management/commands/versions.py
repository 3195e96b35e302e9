from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from mailer.issues.editing.diff import FieldChange, StoryChange, difference, told
from mailer.issues.editing.locks import Locked
from mailer.issues.editing.restore import NoSuchVersion, restore
from mailer.issues.editing.versions import documents_at, kept
from mailer.issues.find import NoSuchIssue, find_issue
from mailer.issues.models import Issue
from subscribers.management.command import Command as OwnCommand
from subscribers.models import Topic

MOST_LISTED = 100
MOST_SEARCHED = 10_000
_STYLES = {"same": "", "out": "red strike", "in": "green"}


class Command(OwnCommand):
    help = """The versions of an issue: who wrote what and when. Shows what one changed, and restores one.

Examples:
  mailer versions china-digest/12
  mailer versions china-digest/12 --show 7
  mailer versions china-digest/12 --restore 7"""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("issue", help="newsletter/number, or newsletter for its newest")
        act = parser.add_mutually_exclusive_group()
        act.add_argument(
            "--show", type=int, metavar="REVISION", help="what it changed from the one before it"
        )
        act.add_argument("--restore", type=int, metavar="REVISION", help="make it the newest revision")

    def handle(self, *args: Any, issue: str, show: int | None, restore: int | None, **options: Any) -> None:
        try:
            found = find_issue(issue)
            if restore is not None:
                self._restore(found, restore)
            elif show is not None:
                self._show(found, show)
            else:
                self._list(found)
        except (NoSuchIssue, NoSuchVersion, Locked) as error:
            raise CommandError(str(error)) from error

    def _list(self, issue: Issue) -> None:
        there_are = kept(issue, MOST_LISTED)
        if not there_are:
            self.stdout.write(f"{issue} has no versions yet: the first is kept when it is saved.")
            return
        revisions = [one.revision for one in there_are]
        changed = told(revisions, documents_at(issue, revisions))
        table = Table("revision", "when", "by", "changed", "why", box=None)
        for one in there_are:
            at = f"{timezone.localtime(one.at):%-d %B %Y, %H:%M %Z}"
            says = changed.get(one.revision, "")
            table.add_row(str(one.revision), at, escape(one.by), escape(says), escape(one.why))
        self.console().print(table)

    def _show(self, issue: Issue, revision: int) -> None:
        up_to = [one.revision for one in kept(issue, MOST_SEARCHED) if one.revision <= revision][:2]
        if not up_to or up_to[0] != revision:
            raise NoSuchVersion(
                f"{issue} has no version of revision {revision}. See: mailer versions {issue}"
            )
        if len(up_to) == 1:
            self.stdout.write(f"Revision {revision} is the first that is kept: there is nothing before it.")
            return
        documents = documents_at(issue, up_to)
        names = dict(Topic.objects.values_list("pk", "name"))
        changes = difference(documents[up_to[1]], documents[revision], names)
        console = self.console()
        console.print(f"From revision {up_to[1]} to {revision}: {escape(changes.summary)}")
        for field in changes.fields:
            _print(console, field, "")
        for story in changes.stories:
            console.print(f"\n{_what(story)} {escape(story.headline)}", style="bold")
            for field in story.fields:
                _print(console, field, "  ")

    def _restore(self, issue: Issue, revision: int) -> None:
        saved = restore(issue.pk, revision, None)
        if saved.changed:
            self.stdout.write(
                f"{issue} is again what it was at revision {revision}, as revision {saved.revision}."
            )
        else:
            self.stdout.write(f"{issue} is what it was at revision {revision}: nothing was changed.")


def _what(story: StoryChange) -> str:
    if story.before is None:
        return f"Story {story.after} was added:"
    if story.after is None:
        return f"Story {story.before} was removed:"
    return f"Story {story.before} moved to {story.after}:" if story.moved else f"Story {story.after}:"


def _print(console: Console, field: FieldChange, indent: str) -> None:
    words = ((part.text, _STYLES[part.kind]) for part in field.parts)
    console.print(Text.assemble(indent, (f"{field.where}: ", "dim"), *words))
