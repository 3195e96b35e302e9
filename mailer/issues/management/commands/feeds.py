"""`mailer feeds`: the feeds that fill backlogs, and how they are doing."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from rich.table import Table
from rich.text import Text

from mailer.issues.feeds.due import claim
from mailer.issues.feeds.look import look
from mailer.issues.find import NoSuchNewsletter, find_newsletter
from mailer.issues.models import Feed
from subscribers.management import command

HELP = """
The RSS and Atom feeds that fill the backlogs of newsletters: when each was looked at, what failed. Workers look at them
by themselves; --look does it now, also for those that failed. Feeds are added on the staff site, under Backlog.

examples:
  mailer feeds
  mailer feeds --newsletter china-digest --look
"""


class Command(command.Command):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--newsletter", metavar="SLUG", help="those of one newsletter")
        parser.add_argument("--look", action="store_true", help="look at them now, and show what came")

    def handle(self, *, newsletter: str | None, look: bool, **_: Any) -> None:
        feeds = Feed.objects.select_related("newsletter").order_by("newsletter__slug", "id")
        if newsletter:
            try:
                feeds = feeds.filter(newsletter=find_newsletter(newsletter))
            except NoSuchNewsletter as error:
                raise CommandError(str(error)) from error
        if look:
            self._look(list(feeds.filter(enabled=True)))
        self._show(list(feeds))

    def _look(self, feeds: list[Feed]) -> None:
        console = self.console()
        for feed in feeds:
            if not claim(feed, timezone.now()):
                continue
            looked = look(feed)
            came = (
                looked.failed
                or f"{len(looked.stories)} new {'story' if len(looked.stories) == 1 else 'stories'}"
            )
            console.print(Text(f"{feed}: {came}"))
            for story in looked.stories:
                console.print(Text(f"  {story.headline}"))

    def _show(self, feeds: list[Feed]) -> None:
        console = self.console()
        if not feeds:
            console.print("There are no feeds. Add one on the staff site, under Backlog.")
            return
        table = Table(title="Feeds", title_justify="left")
        for name in ("newsletter", "feed", "every", "looked at", "state"):
            table.add_column(name, overflow="fold")
        for feed in feeds:
            looked = f"{timezone.localtime(feed.looked_at):%Y-%m-%d %H:%M %Z}" if feed.looked_at else "never"
            state = (
                "well"
                if not feed.failures
                else f"failed {feed.failures} times in a row: {feed.failed_because}"
            )
            table.add_row(
                feed.newsletter.slug,
                Text(f"{feed}\n{feed.url}" if feed.title else feed.url),
                f"{feed.every} min",
                looked,
                Text(state if feed.enabled else f"off; {state}"),
            )
        console.print(table)
