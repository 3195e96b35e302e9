from argparse import ArgumentParser
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from redis import RedisError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mailer.delivery.check_newsletter import BadNewsletter, check_newsletter
from mailer.delivery.pacing.ceilings import UNLIMITED, Daily, Hourly, allowance
from mailer.delivery.pacing.pace import Gauge, pace
from mailer.delivery.pacing.ration import read_ceilings, waiting_of
from mailer.issues.models import Newsletter

DAYS = 7
"""Of a warm-up, that are shown ahead."""


class Command(BaseCommand):
    help = (
        "Show how fast the account may send now, what each newsletter's ceilings leave, and when what waits for them "
        "is expected to have gone. Example: mailer pace"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--reset", action="store_true", help="go at full pace again, whatever SendGrid answered before"
        )

    def handle(self, *args: Any, reset: bool, **options: Any) -> None:
        try:
            if reset:
                pace().reset()
            now = pace().look()
        except RedisError as error:
            raise CommandError(
                f"Redis does not answer ({type(error).__name__}), so no request begins. Nothing is lost: what is due "
                "waits in PostgreSQL. Check REDIS_URL, and that Redis runs."
            ) from error
        console = Console()
        _show_account(console, now)
        for newsletter in Newsletter.objects.order_by("slug"):
            _show_ceilings(console, newsletter)


def _show_account(console: Console, now: Gauge) -> None:
    environment = settings.ENVIRONMENT
    table = _table("The account, all workers together", "", "now", "allowed now", "set")
    table.add_row(
        "requests at once",
        f"{now.in_flight:,}",
        f"{now.allowed:,}",
        f"{environment.sendgrid_in_flight:,} (SENDGRID_IN_FLIGHT)",
    )
    rate = environment.sendgrid_rate
    table.add_row(
        "recipients a second",
        "",
        "no limit" if now.rate is None else f"{now.rate:,}",
        "no limit (SENDGRID_RATE)" if rate is None else f"{rate:,} (SENDGRID_RATE)",
    )
    console.print(table)
    if now.closed_for:
        until = timezone.localtime(timezone.now() + timedelta(seconds=now.closed_for))
        console.print(f"SendGrid asked to wait: no request begins before {until:%H:%M:%S %Z}.")


def _show_ceilings(console: Console, newsletter: Newsletter) -> None:
    try:
        check_newsletter(newsletter)
    except BadNewsletter as error:
        console.print(Text(f"\n{error}"))
        return
    ceilings = read_ceilings(newsletter)
    if not ceilings.all:
        return
    table = _table(Text(f"\nCeilings of {newsletter.slug}, in recipients"), "", "used", "allowed", "left now")
    rows: dict[str, Hourly | Daily | None] = {
        "an hour": ceilings.hour,
        **{f"an hour to {name}": each for name, each in ceilings.domains.items()},
    }
    if ceilings.day:
        rows[f"today, {ceilings.day.day:%d %b}, by the warm-up"] = ceilings.day
    for what, each in rows.items():
        if each:
            table.add_row(Text(what), f"{each.used:,}", _number(each.ceiling), _number(each.left))
    console.print(table)
    if ceilings.day:
        console.print(_curve(newsletter, ceilings.day), soft_wrap=True)
    waiting = waiting_of(newsletter.pk)
    if waiting:
        for batch in waiting:
            ceilings.place(batch)
        end = max(each.reached for each in ceilings.all).astimezone(ZoneInfo(newsletter.time_zone))
        people = sum(batch.size for batch in waiting)
        console.print(f"{people:,} recipients wait. The last are expected to go at {end:%d %b %Y %H:%M %Z}.")


def _curve(newsletter: Newsletter, warm_up: Daily) -> str:
    """What the days to come may have."""
    first = newsletter.warm_up_from or warm_up.day
    start = max(warm_up.day + timedelta(days=1), first)
    days = [start + timedelta(days=n) for n in range(DAYS)]
    numbers = ", ".join(f"{day:%d %b} {_number(allowance(newsletter, day))}" for day in days)
    return f"The days to come: {numbers}."


def _number(recipients: int) -> str:
    return "no limit any more" if recipients == UNLIMITED else f"{recipients:,}"


def _table(title: str | Text, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table
