"""A send in the terminal: its plan in a table, its progress in a bar."""

import time

from django.db.models import Count
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from mailer.delivery.models import Exclusion, Send
from mailer.delivery.plan import Plan
from mailer.delivery.progress import progress

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
    table.add_row("on the list", f"{planned.candidates:,}")
    for reason, count in (
        send.exclusions.values_list("reason").annotate(count=Count("reason")).order_by("-count", "reason")
    ):
        table.add_row(f"  left out: {Exclusion.Reason(reason).label}", f"-{count:,}")
    table.add_section()
    table.add_row("[bold]get the issue", f"[bold]{planned.recipients:,}")
    table.add_row(f"  in {planned.editions:,} editions and {planned.batches:,} requests", "")
    console.print(table)


def follow(console: Console, send: Send, limit: float | None = None) -> bool:
    """Show the progress of a send until nothing of it waits any more.

    Args:
        limit: seconds without any progress after which to give up; None to stay.
    Returns: True when everything that waited has left, False when the send was paused or stood still.
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
            now = progress(send)
            gone = now.accepted + now.rejected + now.unknown
            state = f"{now.accepted:,} accepted, {now.waiting:,} waiting, {now.unknown:,} unknown"
            bars.update(bar, completed=gone, total=gone + now.waiting, state=state)
            if now.waiting == 0:
                return True
            send.refresh_from_db(fields=["paused_at", "paused_because"])
            if send.paused_at:
                return False
            if gone != last:
                last, since = gone, time.monotonic()
            elif limit is not None and time.monotonic() - since > limit:
                return False
            time.sleep(STEP)
