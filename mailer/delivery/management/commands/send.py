import sys
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from rich.console import Console

from mailer.delivery.errors import DeliveryError
from mailer.delivery.models import Send
from mailer.delivery.plan import plan
from mailer.delivery.progress import progress
from mailer.delivery.start import discard, send_of, start
from mailer.delivery.terminal import follow, show_plan
from mailer.issues.builder.content import BuildError
from mailer.issues.find import NoSuchIssue, find_issue

STANDSTILL = 60
"""Seconds."""
STALE = timedelta(minutes=10)
"""A plan that was not started within this is made anew."""


class Command(BaseCommand):
    help = (
        "Send an issue to its newsletter's list: plan, show who gets it, ask, hand it to the workers, follow it. "
        "An issue goes out once; naming it again continues to follow. Example: mailer send china-digest/1"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "issue", help="newsletter/number, or newsletter for its newest, such as china-digest/1"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--no-wait", action="store_true", help="do not follow the send")

    def handle(self, *args: Any, issue: str, yes: bool, no_wait: bool, **options: Any) -> None:
        try:
            _send(Console(), issue, yes, no_wait)
        except (NoSuchIssue, BuildError, DeliveryError) as error:
            raise CommandError(str(error)) from error
        except (OperationalError, InterfaceError) as error:
            raise CommandError(
                "PostgreSQL does not answer any more. Nothing is lost, and nobody gets the issue twice; when it "
                f"is back, go on with: mailer send {issue}"
            ) from error


def _send(console: Console, issue: str, yes: bool, no_wait: bool) -> None:
    found = find_issue(issue)
    send = send_of(found)
    if (
        send.started_at is None
        and send.planned_at
        and timezone.now() - send.planned_at > STALE
        and discard(send)
    ):
        send = send_of(found)  # somebody left the question open; much may have changed since
    show_plan(console, send, plan(send))
    if send.started_at is None and not yes:
        _ask(console, send)
    start(send)
    if no_wait:
        console.print(f"Send {send.pk} is under way. See: mailer report {send.pk}")
    elif not follow(console, send, STANDSTILL):
        raise CommandError(_why_it_stands(send))
    else:
        done = progress(send)
        console.print(f"Accepted by SendGrid: {done.accepted:,}. See: mailer report {send.pk}")


def _ask(console: Console, send: Send) -> None:
    if not sys.stdin.isatty():
        _give_up(send, "Nobody is there to ask. Say --yes to send without being asked.")
    try:
        answer = console.input("Send it now? Type [bold]yes[/] to send: ")
    except (EOFError, KeyboardInterrupt):
        answer = ""
    if answer.strip().lower() != "yes":
        _give_up(send, "Not sent.")


def _give_up(send: Send, why: str) -> None:
    # What is planned is forgotten, or it would wait, and not know of what changes until the next try.
    if not discard(send) and Send.objects.filter(pk=send.pk).exists():
        why = f"Send {send.pk} was started by somebody else meanwhile. Stop it with: mailer pause {send.pk}"
    raise CommandError(why)


def _why_it_stands(send: Send) -> str:
    if send.paused_at:
        return f"The send is paused: {send.paused_because} When it is mended: mailer resume {send.pk}"
    return (
        f"Nothing moved for {STANDSTILL} seconds. Is a worker running (mailer worker, mailer beat)? "
        f"Nothing is lost; look again with: mailer send {send.issue}"
    )
