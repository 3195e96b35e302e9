"""A report in the terminal."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mailer.delivery.forecast.terminal import plain
from mailer.tracking.figures import Count, Report
from mailer.tracking.wording import NOTHING, moment, people, percent, subject

LINKS = 20
EDITIONS = 10
HOURS = 24
"""Rows of the long tables; the page shows more."""


def show(console: Console, report: Report) -> None:
    """Print all figures of a report; what they count stands beside them."""
    console.print(plain(f"{report.newsletter}, issue {report.issue_number}: {subject(report)}", "bold"))
    console.print(
        plain(
            f"send {report.send_id} to the list {report.mailing_list}: {report.audience} · first request {moment(report.started_at)}"
            f" · counted {moment(report.taken_at)}",
            "dim",
        )
    )
    if report.paused_because:
        console.print(plain(f"Paused: {report.paused_because}", "yellow"))
    if report.cancelled_because:
        console.print(plain(f"Cancelled: {report.cancelled_because}", "yellow"))
    if not report.planned:
        console.print("This send is not planned yet: nobody is in it.")
        return
    sums = "adds up" if report.adds_up else "does NOT add up: please report this"
    console.print(Text(f"\n{report.identity}: {sums}", "green" if report.adds_up else "bold red"))
    _rates(console, report)
    _variants(console, report)
    _reasons(console, report)
    _stories(console, report)
    _links(console, report)
    _hours(console, report)
    _domains(console, report)
    _editions(console, report)


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    return table


def _print(console: Console, title: str, table: Table) -> None:
    if table.row_count:
        console.print(Text(f"\n{title}", "bold"))
        console.print(table)


def _rates(console: Console, report: Report) -> None:
    table = _table("", "share", "people", "of", "")
    table.columns[4].justify = "left"
    for rate in report.rates:
        counts = f"{rate.of}; {rate.note}" if rate.note else rate.of
        table.add_row(rate.name, percent(rate.share), people(rate.people), people(rate.base), counts)
    _print(console, "Rates", table)
    totals = report.totals
    console.print(
        f"Apart from these: {people(totals.machine_opened)} opened by machines, {people(totals.deferred)} deferred at"
        f" least once, {people(totals.silent)} accepted of whom nothing final was heard yet.",
        highlight=False,
    )


def _variants(console: Console, report: Report) -> None:
    table = _table("", "sent", "delivered", "opened", "clicked", "share")
    for variant in report.variants:
        numbers = (variant.sent, variant.delivered, variant.opened, variant.clicked)
        share = percent(variant.share(report.metric))
        table.add_row(plain(f"{variant.number}. {variant.subject}"), *map(people, numbers), share)
    _print(
        console, f"A/B test: people who got a variant; share of {report.metric} among the delivered", table
    )
    if report.variants:
        console.print(plain(report.decided_because or "The winner is not chosen yet."))


def _reasons(console: Console, report: Report) -> None:
    bounces = (Count(f"{'hard' if b.hard else 'blocked'}: {b.name}", b.people) for b in report.bounces)
    for title, counts in (
        ("Excluded, by reason", report.excluded),
        ("Rejected one by one, by reason", report.rejections),
        ("Bounced, by class (hard: the address is dead; blocked: refused this time)", bounces),
        ("Dropped by SendGrid, by reason", report.drops),
    ):
        _print(console, title, _counted(counts))


def _counted(counts: Iterable[Count]) -> Table:
    table = _table("", "people")
    for count in counts:
        table.add_row(plain(count.name), people(count.people))
    return table


def _stories(console: Console, report: Report) -> None:
    table = _table("", "people", "of", "share")
    for story in report.stories:
        share = percent(story.clicked / story.received if story.received else None)
        headline = plain(f"{story.position}. {story.headline}")
        table.add_row(headline, people(story.clicked), people(story.received), share)
    _print(console, "Stories: people who clicked any link of it, of those it was accepted for", table)


def _links(console: Console, report: Report) -> None:
    table = _table("", "people")
    for link in report.links[:LINKS]:
        table.add_row(plain(link.url), people(link.clicked))
    _print(console, "Links: people who clicked", table)
    _rest(console, len(report.links) - LINKS, "links")


def _hours(console: Console, report: Report) -> None:
    table = _table("hour", "delivered", "opened", "clicked")
    for hour in report.hours[:HOURS]:
        table.add_row(str(hour.number), people(hour.delivered), people(hour.opened), people(hour.clicked))
    _print(console, "Hours since the first request, first times only", table)
    _rest(console, len(report.hours) - HOURS, "hours")


def _domains(console: Console, report: Report) -> None:
    table = _table("", "sent", "delivered", "bounced", "opened", "clicked")
    for domain in (*report.domains, *([report.other_domains] if report.other_domains else ())):
        numbers = (domain.sent, domain.delivered, domain.bounced, domain.opened, domain.clicked)
        table.add_row(plain(domain.domain), *map(people, numbers))
    _print(console, "Receiving domains: people", table)


def _editions(console: Console, report: Report) -> None:
    table = _table("", "people")
    for edition in report.editions[:EDITIONS]:
        table.add_row(
            "stories " + " · ".join(map(str, edition.stories)) if edition.stories else NOTHING,
            people(edition.recipients),
        )
    _print(console, "Editions: stories, and people each goes to", table)
    _rest(console, len(report.editions) - EDITIONS, "editions")


def _rest(console: Console, count: int, what: str) -> None:
    if count > 0:
        console.print(f"… and {count:,} more {what}; the page shows them (--html FILE).", highlight=False)
