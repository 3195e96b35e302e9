import json
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, astuple
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from rich.console import Console

from mailer.config.arguments import number
from mailer.delivery.arrangement import add_arrangement, arranged, is_arranged
from mailer.delivery.errors import DeliveryError
from mailer.delivery.find import find_send
from mailer.delivery.forecast.dry_run import forecast, undone
from mailer.delivery.forecast.explain import explain_among
from mailer.delivery.forecast.figures import Forecast
from mailer.delivery.forecast.foreseen import Foreseen, foreseen
from mailer.delivery.forecast.listing import HEADER, Group, group_of
from mailer.delivery.forecast.people import write_csv
from mailer.delivery.forecast.terminal import plain, show_forecast
from mailer.delivery.forecast.wording import moment
from mailer.delivery.models import Send
from mailer.delivery.plan import plan
from mailer.delivery.schedule import schedule_of
from mailer.issues.builder.content import BuildError
from mailer.issues.find import NoSuchIssue, find_issue
from mailer.issues.models import Issue


class Command(BaseCommand):
    help = (
        "Tell who gets an issue, when and in which edition, who does not and why, and what is different from the last "
        "send. With --dry-run nothing is written; without, the send is planned, and started by mailer send. "
        "Example: mailer plan china-digest/1 --dry-run"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "target",
            metavar="SEND|ISSUE",
            help="the number of a send, or latest; or newsletter/number, or newsletter for its newest issue",
        )
        parser.add_argument("--dry-run", action="store_true", help="write nothing")
        parser.add_argument("--json", action="store_true", help="for programs")
        shown = parser.add_mutually_exclusive_group()
        shown.add_argument("--why", metavar="ADDRESS", help="why this person gets it, or does not")
        shown.add_argument(
            "--list",
            metavar="GROUP",
            help="who they are: new, out (of the last send), a reason such as unsubscribed, or an edition's number",
        )
        parser.add_argument(
            "--limit",
            type=number(1, 1_000_000_000),
            metavar="N",
            default=50,
            help="people of --list shown; 50",
        )
        parser.add_argument("--csv", type=Path, metavar="FILE", help="write all of --list to a file instead")
        add_arrangement(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["csv"] and options["list"] is None:
            raise CommandError("--csv writes a list of people: say which, with --list.")
        if options["json"] and options["list"] is not None:
            raise CommandError("A list of people is written for programs with --csv FILE.")
        console = Console(file=cast(IO[str], self.stdout))
        try:
            with _send(options) as send, foreseen(send) as who:
                if options["why"] is not None:
                    _explain(console, who, options)
                else:
                    _tell(console, who, options)
        except (NoSuchIssue, BuildError, DeliveryError) as error:
            raise CommandError(str(error)) from error


@contextmanager
def _send(options: dict[str, Any]) -> Iterator[Send]:
    """The send that is told about. In a dry run one that is made for it never was when the block ends."""
    there, issue = _find(options["target"])
    if there and not is_arranged(options):
        if not options["dry_run"]:
            plan(there)
        yield there
        return
    if there and there.started_at and not options["again"]:
        raise CommandError(
            f"Send {there.pk} was started already, {schedule_of(there)}. To change it: mailer cancel {there.pk}, then "
            f"mailer send {issue} --again."
        )
    if options["dry_run"]:
        with undone():
            yield arranged(issue, options)
        return
    with transaction.atomic():  # what cannot be planned is not arranged either
        send = arranged(issue, options)
        plan(send)
    yield send


def _find(target: str) -> tuple[Send | None, Issue]:
    """The send that is named, or else the newest of the issue that is, if it has one."""
    if target == "latest" or target.isdecimal():
        send = find_send(target)
        return send, send.issue
    issue = find_issue(target)
    return Send.objects.select_related("issue__newsletter").filter(issue=issue).order_by("-id").first(), issue


def _explain(console: Console, who: Foreseen, options: dict[str, Any]) -> None:
    found = explain_among(who, options["why"])
    if options["json"]:
        _print_json(console, asdict(found))
    else:
        console.print(plain(found.text), soft_wrap=True)


def _tell(console: Console, who: Foreseen, options: dict[str, Any]) -> None:
    told = forecast(who)
    if options["list"] is not None:
        group = group_of(who, told, options["list"])
        with closing(group.people):
            _list(console, group, options)
    elif options["json"]:
        _print_json(console, asdict(told))
    else:
        show_forecast(console, told)
        console.print()
        console.print(plain(_next(who.send, told, options)))


def _list(console: Console, group: Group, options: dict[str, Any]) -> None:
    if options["csv"]:
        count = write_csv(options["csv"], HEADER, map(astuple, group.people))
        console.print(plain(f"{count:,} people: {options['csv']}"), soft_wrap=True)
        return
    for person in islice(group.people, options["limit"]):
        name = f"{person.first_name} {person.last_name}".strip()
        console.print(plain("  ".join(filter(None, (person.address, name, person.because)))), soft_wrap=True)
    if group.count > options["limit"]:
        console.print(
            f"… and {group.count - options['limit']:,} more: --limit N, or --csv FILE.", highlight=False
        )
    elif not group.count:
        console.print("Nobody.")


def _print_json(console: Console, told: dict[str, Any]) -> None:
    console.file.write(json.dumps(told, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2) + "\n")


def _next(send: Send, told: Forecast, options: dict[str, Any]) -> str:
    """What to do after looking."""
    if send.cancelled_at:
        return f"It was cancelled: {send.cancelled_because} Who got it: mailer people {send.pk} --accepted"
    if send.started_at:
        return f"It was started on {moment(send.started_at)}. Who got it: mailer people {send.pk}"
    if told.blocked:
        return "Nothing was written."
    same = " with the same options" if is_arranged(options) and options["dry_run"] else ""
    if told.send:
        return f"It is not started. To start it: mailer send {send.issue}{same}"
    return f"Nothing was written. To send it: mailer send {send.issue}{same}"
