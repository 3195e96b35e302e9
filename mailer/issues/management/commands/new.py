from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from mailer.issues.editing.create import new_issue
from mailer.issues.find import NoSuchNewsletter, find_newsletter
from subscribers.management.command import Command as OwnCommand


class Command(OwnCommand):
    help = """Begin the next issue of a newsletter, without stories. Its number is the next one, its date the usual day after
the last issue; it takes over what the intro says every time, the outro and the call to action.

Examples:
  mailer new china-digest
  mailer new china-digest --empty"""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("newsletter", help="its short name, such as china-digest")
        parser.add_argument("--empty", action="store_true", help="take nothing over from the last issue")

    def handle(self, *args: Any, newsletter: str, empty: bool, **options: Any) -> None:
        try:
            issue = new_issue(find_newsletter(newsletter), None, like_last=not empty)
        except NoSuchNewsletter as error:
            raise CommandError(str(error)) from error
        address = f"{settings.PUBLIC_URL}/staff/issues/{issue.pk}/"
        self.stdout.write(f"{issue} of {issue.date:%A, %-d %B %Y} was begun. Write it at {address}")
