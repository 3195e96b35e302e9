"""`mailer clickmap SEND`: who clicked where in an issue."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from mailer.delivery.errors import DeliveryError
from mailer.delivery.find import find_send
from mailer.tracking.clickmap.count import count_places
from mailer.tracking.clickmap.page import render
from mailer.tracking.clickmap.terminal import show
from subscribers.management import command

HELP = """
Who clicked where in an issue: the share of clicks of each of its links, top to bottom. With --html as a page: the issue
as it was sent, with the shares drawn on it.

examples:
  mailer clickmap latest
  mailer clickmap 12 --html map.html
  mailer clickmap 12 --edition 3
  mailer clickmap 12 --edition all --html map.html
"""


class Command(command.Command):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("send", help="the number of a send, or: latest")
        parser.add_argument(
            "--edition",
            default="",
            metavar="N",
            help="number of the edition, or: all; without it the one that most people received",
        )
        parser.add_argument("--html", type=Path, metavar="FILE", help="write the map as one page too")

    def handle(self, *args: Any, send: str, edition: str, html: Path | None, **options: Any) -> None:
        together = edition == "all"
        if edition and not together and not (edition.isdecimal() and len(edition) < 10):
            raise CommandError(f"--edition {edition!r} is no number. Write one, such as 1, or: all.")
        try:
            found = count_places(
                find_send(send), int(edition) if edition and not together else None, together=together
            )
        except DeliveryError as error:
            raise CommandError(str(error)) from error
        if html is not None:
            _write(html, render(found))
        console = self.console()
        show(console, found)
        if html is not None:
            console.print(f"The page: {html}", markup=False, soft_wrap=True)


def _write(path: Path, page: str) -> None:
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"The page could not be written to {path}: {error.strerror}.") from error
