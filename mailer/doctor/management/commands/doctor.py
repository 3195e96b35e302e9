import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError
from django.db import Error
from rich.console import Console

from mailer.doctor.installation import look_around
from mailer.doctor.result import Result, State
from mailer.doctor.run import all_checks, run
from mailer.doctor.terminal import follow, show
from mailer.issues.models import Newsletter
from mailer.sendgrid.errors import ConfigurationError
from subscribers.management.command import Command as BaseCommand

WRONG = 1
UNSEEN = 3
"""Exit statuses. 2 is a mistake in the arguments, as with every command."""


class Command(BaseCommand):
    help = (
        "Check the whole installation: settings, database, queue, processes, public address and certificate,\n"
        "SendGrid's key, webhook and senders, SPF, DKIM and DMARC. Each thing is fine, wrong (and what to do), or\n"
        "could not be seen (and why). Nothing is changed, and no mail goes out.\n\n"
        "examples:\n"
        "  mailer doctor\n"
        "  mailer doctor --newsletter china-digest\n"
        "  mailer doctor --json | jq '.checks[] | select(.state == \"wrong\")'\n\n"
        "Exits with 0 when all is fine, 1 when something is wrong, 3 when nothing is wrong but something could not\n"
        "be seen. DNS is asked by the servers of this machine, or by DNS_SERVER=192.0.2.53:53."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--newsletter", metavar="SLUG", help="look at this newsletter's sender only")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, newsletter: str | None, json: bool, **options: Any) -> None:
        try:
            installation = look_around(newsletters_known(newsletter))
        except ConfigurationError as error:
            raise CommandError(error.message) from error
        checks = all_checks(installation)
        # Progress is for who watches: it never gets into what is piped on.
        results = follow(Console(stderr=True), checks, run(checks, installation.printable))
        installation.account.client.close()
        if json:
            self.stdout.write(_as_json(results))
        else:
            show(self.console(width=120), results)
        status = exit_status(results)
        if status:
            sys.exit(status)


def exit_status(results: Sequence[Result]) -> int:
    """0 when all is fine, WRONG when something is wrong, UNSEEN when only something could not be seen."""
    states = {result.state for result in results}
    return WRONG if State.WRONG in states else UNSEEN if State.UNSEEN in states else 0


def newsletters_known(slug: str | None) -> list[Newsletter] | None:
    """The newsletters to look at; None where the database does not tell."""
    try:
        found = list(Newsletter.objects.order_by("slug"))
    except Error:
        return None
    if slug is None:
        return found
    chosen = [newsletter for newsletter in found if newsletter.slug == slug]
    if not chosen:
        there_are = ", ".join(newsletter.slug for newsletter in found) or "none yet"
        raise CommandError(f"There is no newsletter {slug!r}. There are: {there_are}.")
    return chosen


def _as_json(results: Sequence[Result]) -> str:
    count = {state.value: sum(result.state is state for result in results) for state in State}
    return json.dumps({"count": count, "checks": [asdict(result) for result in results]}, indent=2)
