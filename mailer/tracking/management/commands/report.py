from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from mailer.delivery.find import NoSuchSend, find_send
from mailer.tracking.page import render
from mailer.tracking.report import report
from mailer.tracking.terminal import show

WIDTH = 110
"""Columns where the output is no terminal."""


class Command(BaseCommand):
    help = (
        "What became of a send: who got it, bounces, opens, clicks, complaints, unsubscribes. "
        "Example: mailer report latest --html report.html"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("send", help="the number of a send, or: latest")
        parser.add_argument(
            "--html", type=Path, metavar="FILE", help="write the report as one self-contained page too"
        )

    def handle(self, *args: Any, send: str, html: Path | None, **options: Any) -> None:
        try:
            figures = report(find_send(send))
        except NoSuchSend as error:
            raise CommandError(str(error)) from error
        if html is not None:
            _write(html, render(figures))
        console = Console(file=cast(IO[str], self.stdout), width=None if self.stdout.isatty() else WIDTH)
        show(console, figures)
        if html is not None:
            console.print(f"\nThe page: {html}", markup=False, highlight=False, soft_wrap=True)


def _write(path: Path, page: str) -> None:
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"The page could not be written to {path}: {error.strerror}.") from error
