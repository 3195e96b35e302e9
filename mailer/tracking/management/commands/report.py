"""`mailer report SEND`: what became of a send."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from django.core.management.base import CommandError, CommandParser
from rich.console import Console

from mailer.delivery.find import NoSuchSend, find_send
from mailer.issues.find import NoSuchNewsletter, find_newsletter
from mailer.tracking.as_json import written
from mailer.tracking.newsletter import keep as newsletter_keep
from mailer.tracking.newsletter import page as newsletter_page
from mailer.tracking.newsletter import rows as newsletter_rows
from mailer.tracking.newsletter import terminal as newsletter_terminal
from mailer.tracking.newsletter.figures import NewsletterReport
from mailer.tracking.reports.figures import Report
from mailer.tracking.reports.keep import count_and_keep, kept_report
from mailer.tracking.reports.page import render
from mailer.tracking.reports.rows import as_csv
from mailer.tracking.reports.terminal import show
from subscribers.management import command

Figures = TypeVar("Figures")
WIDTH = 130
"""Columns where the output is no terminal."""

HELP = """
What became of a send: who got it, bounces, opens, clicks, complaints, unsubscribes, by edition, domain, segment,
language, time zone, mail program and device, compared with the newsletter's issues before it.

examples:
  mailer report latest
  mailer report 12 --html report.html --csv report.csv
  mailer report 12 --json | jq .rates
  mailer report 12 --as-counted
  mailer report --newsletter weekly --html weekly.html

With --newsletter it is the report of a newsletter: how its list grows, who reads, what people choose and click, at which
hours, and where its mail arrives.

It is counted afresh, which takes a few seconds for a million recipients; with --as-counted it is shown as the
background counted it last.
"""


class Command(command.Command):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("send", nargs="?", help="the number of a send, or: latest")
        parser.add_argument("--newsletter", metavar="SLUG", help="the report of a newsletter, not of a send")
        parser.add_argument(
            "--as-counted", action="store_true", help="show what was counted last, without counting"
        )
        parser.add_argument(
            "--html", type=Path, metavar="FILE", help="write the report as one self-contained page too"
        )
        parser.add_argument("--csv", type=Path, metavar="FILE", help="write every figure as a row of CSV too")
        parser.add_argument("--json", action="store_true", help="print every figure as JSON, and no table")

    def handle(self, *args: Any, send: str | None, newsletter: str | None, **options: Any) -> None:
        if (send is None) == (newsletter is None):
            raise CommandError("Name a send, or a newsletter with --newsletter: one of the two.")
        if newsletter is not None:
            of_newsletter = _of_newsletter(newsletter, options["as_counted"])
            self._tell(
                of_newsletter,
                newsletter_page.render,
                newsletter_rows.as_csv,
                newsletter_terminal.show,
                options,
            )
        elif send is not None:
            self._tell(_of_send(send, options["as_counted"]), render, as_csv, show, options)

    def _tell(
        self,
        figures: Figures,
        page: Callable[[Figures], str],
        table: Callable[[Figures], str],
        show_it: Callable[[Console, Figures], None],
        options: dict[str, Any],
    ) -> None:
        """Write the files that are asked for, and print the tables, or JSON."""
        console = self.console(WIDTH)
        if options["html"]:
            _write(options["html"], page(figures), "page")
        if options["csv"]:
            _write(options["csv"], table(figures), "CSV")
        if options["json"]:
            self.stdout.write(written(figures, indented=True))
            return
        show_it(console, figures)
        for what, path in (("page", options["html"]), ("CSV", options["csv"])):
            if path:
                console.print(f"\nThe {what}: {path}", markup=False, soft_wrap=True)


def _of_send(name: str, as_counted: bool) -> Report:
    try:
        send = find_send(name)
    except NoSuchSend as error:
        raise CommandError(str(error)) from error
    figures = kept_report(send.pk) if as_counted else count_and_keep(send)
    if figures is None:
        raise CommandError(f"Send {send.pk} was not counted yet: leave --as-counted out to count it now.")
    return figures


def _of_newsletter(slug: str, as_counted: bool) -> NewsletterReport:
    try:
        newsletter = find_newsletter(slug)
    except NoSuchNewsletter as error:
        raise CommandError(str(error)) from error
    if as_counted:
        figures = newsletter_keep.kept_report(newsletter.pk)
        missing = f"{slug} was not counted yet: leave --as-counted out to count it now."
    else:
        figures = newsletter_keep.count_and_keep(newsletter)
        missing = f"{slug} is being counted at this moment. Try again when it is done, with --as-counted."
    if figures is None:
        raise CommandError(missing)
    return figures


def _write(path: Path, text: str, what: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise CommandError(f"The {what} could not be written to {path}: {error.strerror}.") from error
