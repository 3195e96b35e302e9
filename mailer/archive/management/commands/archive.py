from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from rich.table import Table
from rich.text import Text

from mailer.archive.addresses import archive_url, feed_url, issue_url
from mailer.archive.keep import keep_missing
from mailer.archive.published import published, topics_of
from mailer.issues.find import NoSuchNewsletter, find_newsletter
from mailer.issues.models import Newsletter
from subscribers.management.command import Command as BaseCommand


class Command(BaseCommand):
    help = (
        "A newsletter's public archive: its addresses, and the issues in it. It is switched on and off on the newsletter's "
        'page of the staff site, under "Public archive".\n\nExample: mailer archive china-digest'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("newsletter", help="its short name, such as china-digest")

    def handle(self, *args: Any, newsletter: str, **options: Any) -> None:
        try:
            found = find_newsletter(newsletter)
        except NoSuchNewsletter as error:
            raise CommandError(str(error)) from error
        keep_missing(found)
        console = self.console()
        state = "on" if found.archive else "off: nobody can reach what follows"
        topics = ", ".join(f"{topic.name} ({count:,})" for topic, count in topics_of(found)) or "–"
        for name, said in (
            ("archive", state),
            ("address", archive_url(found)),
            ("feed", feed_url(found)),
            ("topics", topics),
        ):
            console.print(f"{name + ':':9}{said}", markup=False, soft_wrap=True)
        issues = _issues(found)
        console.print(
            issues if issues.row_count else "No issue is in it yet: one is when it has reached somebody."
        )


def _issues(newsletter: Newsletter) -> Table:
    table = Table("issue", "date", "subject", "stories", "address", box=None, padding=(0, 2, 0, 0))
    for edition in published(newsletter):
        issue = edition.send.issue
        table.add_row(
            str(issue.number),
            issue.date.isoformat(),
            Text(edition.subject),  # no mark-up, whatever stands in it
            str(len(edition.stories)),
            issue_url(newsletter, issue.number),
        )
    return table
