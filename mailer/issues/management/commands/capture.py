"""`mailer capture`: a story for the backlog from a page of the web."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.text import Text

from mailer.issues.backlog.capture import CaptureError, capture
from mailer.issues.find import NoSuchNewsletter, find_newsletter
from subscribers.management import command

HELP = """
Put a page of the web into the backlog of a newsletter as a story: its title, description and picture, as the page tells
them itself. The page is fetched from the public internet only; FETCH_PRIVATE_HOSTS names others that may be.

example:
  mailer capture china-digest https://www.example.org/news/story
"""


class Command(command.Command):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("newsletter", help="its short name, such as china-digest")
        parser.add_argument("url", help="of the page")

    def handle(self, *, newsletter: str, url: str, **_: Any) -> None:
        try:
            captured = capture(find_newsletter(newsletter), url)
        except (NoSuchNewsletter, CaptureError) as error:
            raise CommandError(str(error)) from error
        console = self.console()
        story = captured.story
        console.print(Text(story.headline, style="bold"))
        for line in (story.body, story.link, story.image, *captured.notes):
            if line:
                console.print(Text(line))
