"""A forecast in the terminal: readable in 80 columns, and in a pipe."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mailer.delivery.audience import CANDIDATES, EVERYBODY
from mailer.delivery.forecast.figures import Difference, Forecast, ReasonCount, ZoneCount
from mailer.delivery.forecast.wording import JOINED, moment, printable
from mailer.delivery.schedule import AT_ONCE

ROWS = 20
"""Rows of the long tables; --json has all."""


def show_forecast(console: Console, told: Forecast) -> None:
    """Print what a send comes to."""
    if told.send and told.planned_at:
        title = f"Send {told.send} of {told.issue}, planned on {moment(told.planned_at)}"
    else:
        title = f"{told.issue}, as it would be planned now"
    console.print(plain(title, "bold"))
    console.print(plain(f"to the list {told.mailing_list}: {told.audience}, {told.schedule}", "dim"))
    _findings(console, told)
    _sum(console, told)
    _editions(console, told)
    _variants(console, told)
    _zones(console, told)
    _domains(console, told)
    if told.difference:
        _difference(console, told.difference)


def plain(text: str, style: str = "") -> Text:
    """Text from outside: no markup, and no character that a terminal would obey."""
    return Text(printable(text), style)


def _findings(console: Console, told: Forecast) -> None:
    for finding in told.findings:
        style = "bold red" if finding.level == "error" else "yellow"
        console.print(Text.assemble((finding.level, style), plain(f" {finding.where}: {finding.message}")))
    if told.blocked:
        console.print(Text("Nothing goes out before the errors are mended.", "bold red"))


def _sum(console: Console, told: Forecast) -> None:
    table = _table("", "people")
    table.show_header = False
    table.add_row(CANDIDATES[told.audience != EVERYBODY], f"{told.candidates:,}")
    _reasons(table, told.excluded, "  left out: ", "-")
    table.add_row(Text("get it", "bold"), Text(f"{told.recipients:,}", "bold"))
    console.print()
    console.print(table)
    editions = "edition" if len(told.editions) == 1 else "editions"
    requests = "request" if told.requests == 1 else "requests"
    console.print(f"in {len(told.editions):,} {editions} and {told.requests:,} {requests}", highlight=False)
    if told.until:
        console.print(
            f"under the ceilings of the newsletter the last go on {moment(told.until)}", highlight=False
        )


def _reasons(table: Table, reasons: Iterable[ReasonCount], before: str, sign: str = "") -> None:
    for reason in reasons:
        table.add_row(plain(f"{before}{reason.words}"), f"{sign}{reason.people:,}")


def _editions(console: Console, told: Forecast) -> None:
    """By the numbers of their stories: the headlines of dozens of editions, nearly all the same, tell nothing."""
    numbers = {
        headline: number
        for number, headline in enumerate(
            dict.fromkeys(h for each in told.editions for h in each.headlines), 1
        )
    }
    table = _table("edition, by its stories", "number", "people")
    for edition in told.editions[:ROWS]:
        stories = " · ".join(str(numbers[headline]) for headline in edition.headlines)
        table.add_row(stories, str(edition.number), f"{edition.people:,}")
    legend = _table("story")
    for headline, number in numbers.items():
        legend.add_row(plain(f"{number:>2}  {headline}"))
    print_table(console, "Stories", legend)
    print_table(console, "Editions", table)
    _rest(console, len(told.editions) - ROWS, "editions")


def _variants(console: Console, told: Forecast) -> None:
    table = _table("subject, and preheader", "variant", "people")
    for variant in told.variants:
        text = plain(variant.subject)
        if variant.preheader:
            text.append("\n").append_text(plain(variant.preheader, "dim"))
        table.add_row(text, str(variant.number), f"{variant.people:,}")
    if told.variants:
        table.add_row("the winner, when it is chosen", "", f"{told.untested:,}")
    print_table(console, "A/B test", table)


def _zones(console: Console, told: Forecast) -> None:
    timed = told.schedule != AT_ONCE and any(zone.last for zone in told.zones)
    zones = told.zones
    table = _table("time zone", "people", *(("on their clocks", "moment") if timed else ()))
    for zone in zones[:ROWS]:
        when = (_clocks(zone.first, zone.zone), _moments(zone)) if timed else ()
        table.add_row(plain(zone.zone), f"{zone.people:,}", *when)
    print_table(console, "Time zones", table)
    _rest(console, len(zones) - ROWS, "time zones")


def _clocks(at: datetime | None, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%a %d %b %H:%M}" if at else "at once"


def _moments(zone: ZoneCount) -> str:
    first = moment(zone.first) if zone.first else "at once"
    if zone.last is None or zone.first == zone.last:
        return first
    return f"{first} to {moment(zone.last)}"


def _domains(console: Console, told: Forecast) -> None:
    table = _table("receiving domain", "people")
    for domain in told.domains:
        table.add_row(plain(domain.domain), f"{domain.people:,}")
    if told.other_domains:
        table.add_row(f"{told.other_domains:,} others", f"{told.other_domain_people:,}")
    print_table(console, "Receiving domains", table)


def _difference(console: Console, difference: Difference) -> None:
    table = _table("", "people")
    table.show_header = False
    table.add_row("got that one", f"{difference.recipients:,}")
    table.add_row("  get this one too", f"{difference.kept:,}")
    _reasons(table, difference.out, "  fell out: ", "-")
    for reason in difference.new:
        then = "" if reason.reason == JOINED else "left out then: "
        table.add_row(plain(f"new: {then}{reason.words}"), f"+{reason.people:,}")
    print_table(console, f"Beside send {difference.send} of {difference.issue}", table)


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for number, column in enumerate(columns):
        table.add_column(
            column, justify="right" if column in ("people", "edition") else "left", overflow="fold"
        )
        table.columns[number].no_wrap = column == "people"
    return table


def print_table(console: Console, title: str, table: Table) -> None:
    """A table under its title; nothing where it has no rows."""
    if table.row_count:
        console.print()
        console.print(plain(title, "bold"))
        console.print(table)


def _rest(console: Console, count: int, what: str) -> None:
    if count > 0:
        console.print(f"… and {count:,} more {what}: --json tells all.", highlight=False)
