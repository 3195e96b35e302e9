import sys
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from rich.console import Console
from rich.markup import escape

from mailer.delivery.approval.matter import matter_of
from mailer.delivery.arrangement import add_arrangement, arranged
from mailer.delivery.audience import audience_of
from mailer.delivery.errors import DeliveryError
from mailer.delivery.forecast.wording import printable
from mailer.delivery.models import Send
from mailer.delivery.plan import plan
from mailer.delivery.progress import progress
from mailer.delivery.schedule import WRITTEN
from mailer.delivery.start import discard, renew, start
from mailer.delivery.terminal import Ending, follow, show_plan, show_wait
from mailer.issues.builder.content import BuildError
from mailer.issues.find import NoSuchIssue, find_issue
from mailer.issues.models import Issue

STANDSTILL = 60
"""Seconds without progress after which the send is followed no further."""
STALE = timedelta(minutes=10)
"""A plan that was not started within this is made anew."""


class Command(BaseCommand):
    help = (
        "Send an issue to its newsletter's list: plan, show who gets it, ask, hand it to the workers, follow it. "
        "An issue goes out once; naming it again continues to follow. Example: mailer send china-digest/1 "
        f'--local "{WRITTEN}"'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "issue", help="newsletter/number, or newsletter for its newest, such as china-digest/1"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--no-wait", action="store_true", help="do not follow the send")
        add_arrangement(parser)

    def handle(self, *args: Any, issue: str, **options: Any) -> None:
        try:
            found = find_issue(issue)
            _send(Console(), found, options)
        except (NoSuchIssue, BuildError, DeliveryError) as error:
            raise CommandError(str(error)) from error
        except (OperationalError, InterfaceError) as error:
            raise CommandError(
                "PostgreSQL does not answer any more. Nothing is lost, and nobody gets the issue twice; when it "
                f"is back, go on with: mailer send {issue}"
            ) from error


def _send(console: Console, issue: Issue, options: dict[str, Any]) -> None:
    with transaction.atomic():  # what cannot be planned is not arranged either
        send = arranged(issue, options)
        if send.started_at is None and send.planned_at and _is_stale(send):
            send = renew(send)
        planned = plan(send)
    show_plan(console, send, planned)
    if send.started_at is None and not options["yes"]:
        _ask(console, send)
    start(send)
    if options["no_wait"]:
        console.print(f"Send {send.pk} is under way. See: mailer report {send.pk}")
        return
    match follow(console, send, STANDSTILL):
        case Ending.DONE:
            done = progress(send)
            console.print(f"Accepted by SendGrid: {done.accepted:,}. See: mailer report {send.pk}")
        case Ending.LATER:
            show_wait(console, send)
        case Ending.CANCELLED:
            raise CommandError(
                f"The send was cancelled: {printable(send.cancelled_because)} Who got it: mailer people {send.pk} --accepted. "
                f"To send it to the others: mailer send {issue} --again"
            )
        case Ending.PAUSED:
            raise CommandError(
                f"The send is paused: {printable(send.paused_because)} When it is mended: mailer resume {send.pk}"
            )
        case Ending.STILL:
            raise CommandError(
                f"Nothing moved for {STANDSTILL} seconds. Is a worker running (mailer worker, mailer beat)? "
                f"Nothing is lost; look again with: mailer send {issue}"
            )


def _is_stale(send: Send) -> bool:
    """Whether too much may have changed since the plan, such as when somebody left the question open, or whether the
    issue or the rules of its audience did."""
    other_list = send.mailing_list_id != send.issue.newsletter.mailing_list_id
    old = timezone.now() - (send.planned_at or send.created_at) > STALE
    return other_list or old or send.fingerprint != matter_of(send).fingerprint


def _ask(console: Console, send: Send) -> None:
    if not sys.stdin.isatty():
        _give_up(send, "Nobody is there to ask. Say --yes to send without being asked.")
    try:
        to = escape(printable(str(audience_of(send))))
        answer = console.input(f"Send it to {to}? Type [bold]yes[/] to send: ")
    except (EOFError, KeyboardInterrupt):
        answer = ""
    if answer.strip().lower() != "yes":
        _give_up(send, "Not sent.")


def _give_up(send: Send, why: str) -> None:
    # What is planned is forgotten, or it would wait, and not know of what changes until the next try.
    if not discard(send) and Send.objects.filter(pk=send.pk).exists():
        why = f"Send {send.pk} was started by somebody else meanwhile. Stop it with: mailer pause {send.pk}"
    raise CommandError(why)
