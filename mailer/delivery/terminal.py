"""A send in the terminal: its plan in a table, its progress in a bar."""

import time
from enum import Enum

from django.db.models import Count, Sum
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from mailer.delivery.audience import CANDIDATES, audience_of
from mailer.delivery.forecast.wording import printable
from mailer.delivery.models import Exclusion, Send
from mailer.delivery.plan import Plan
from mailer.delivery.progress import dues, progress_and_moving, waits_for_winner
from mailer.delivery.schedule import schedule_of

STEP = 0.1
"""Seconds between two looks at the ledger."""


def show_plan(console: Console, send: Send, planned: Plan) -> None:
    """Who gets the issue, and how many do not and why."""
    for finding in planned.findings:
        console.print(f"[yellow]warning[/] {finding.where}: ", end="", highlight=False)
        console.print(finding.message, markup=False, highlight=False)
    table = Table(title=f"Plan of send {send.pk}: {send.issue}", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    audience = audience_of(send)
    table.add_row(CANDIDATES[bool(audience.parts)], f"{planned.candidates:,}")
    for reason, count in (
        send.exclusions.values_list("reason").annotate(count=Count("reason")).order_by("-count", "reason")
    ):
        table.add_row(f"  left out: {Exclusion.Reason(reason).label}", f"-{count:,}")
    table.add_section()
    table.add_row("[bold]get the issue", f"[bold]{planned.recipients:,}")
    table.add_row(f"  in {planned.editions:,} editions and {planned.batches:,} requests", "")
    table.add_row(f"  {schedule_of(send)}", "")
    tested = send.batches.filter(in_test=True).aggregate(recipients=Sum("size"))["recipients"]
    if tested:
        table.add_row(f"  of them in the A/B test of {send.variants.count()} variants", f"{tested:,}")
    console.print(table)
    if audience.parts:
        console.print(f"It goes to {printable(str(audience))}.", markup=False, highlight=False)


class Ending(Enum):
    """Why a send is followed no further."""

    DONE = "nothing of it waits any more"
    LATER = "what waits is due later"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    STILL = "nothing moved"


def follow(console: Console, send: Send, limit: float) -> Ending:
    """Show the progress of a send for as long as something of it is on its way. `send` is brought up to date.

    Args:
        limit: seconds without any progress after which to give up.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[state]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bars:
        bar = bars.add_task("Sending", total=None, state="")
        last, since = -1, time.monotonic()
        while True:
            now, moving = progress_and_moving(send)
            send.refresh_from_db()  # after the count: what it was counted for is known then
            gone = now.accepted + now.rejected + now.unknown
            state = f"{now.accepted:,} accepted, {now.waiting:,} waiting, {now.unknown:,} unknown"
            bars.update(bar, completed=gone, total=gone + now.waiting, state=state)
            if now.waiting == 0:
                return Ending.CANCELLED if send.cancelled_at else Ending.DONE
            if send.paused_at and not now.in_flight:
                return Ending.PAUSED
            if not moving:
                return Ending.LATER
            if gone != last:
                last, since = gone, time.monotonic()
            elif time.monotonic() - since > limit:
                return Ending.STILL
            time.sleep(STEP)


def show_wait(console: Console, send: Send) -> None:
    """What a send waits for that does not go out now, and how to follow or stop it."""
    if waits_for_winner(send):
        after = f"{send.test_minutes:,} minutes after the test went out"
        console.print(f"The rest waits for the winner of the test, which is chosen {after}.")
    first, last, count = dues(send)
    if first and last:
        when = (
            f"{first:%d %b %Y %H:%M %Z}"
            if first == last
            else f"from {first:%d %b %Y %H:%M %Z} to {last:%d %b %H:%M}"
        )
        console.print(f"{count:,} people are due {when}.")
    console.print(
        f"Send {send.pk} goes on by itself while worker and beat run. "
        f"See: mailer report {send.pk}. To stop it: mailer pause {send.pk} or mailer cancel {send.pk}."
    )
