"""A report in the terminal."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mailer.delivery.forecast.terminal import plain, print_table
from mailer.tracking.figures_table import table_of_figures
from mailer.tracking.link_figures import StoryClicks, TopicClicks
from mailer.tracking.reports.figures import Breakdown, Count, Report, Span
from mailer.tracking.reports.rows import NO_LINK, value_of
from mailer.tracking.wording import address, for_nobody, moment, people, percent

LINKS = 20
GROUPS = 12
SPANS = 24
"""Rows of the long tables; the page and the CSV show more."""
WIDE = 100
"""Columns of a terminal in which there is room between the many columns of a breakdown."""


def show(console: Console, report: Report) -> None:
    """Print all figures of a report; what they count stands beside them."""
    console.print(
        plain(f"{report.newsletter}, issue {report.issue_number}: {for_nobody(report.subject)}", "bold")
    )
    console.print(
        plain(
            f"send {report.send_id} to the list {report.mailing_list}: {report.audience} · first request {moment(report.started_at)}"
            f" · counted {moment(report.counted_at)}",
            "dim",
        )
    )
    if report.paused_because and not report.cancelled_because:
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
    _machines(console, report)
    _stories(
        console,
        "Stories: people who clicked any link of it, of those it was accepted for",
        ((f"{story.position}. {for_nobody(story.headline)}", story) for story in report.stories),
    )
    _stories(
        console,
        "Topics of the stories: the same; a story with several counts for each",
        ((topic.name, topic) for topic in report.topics),
    )
    _links(console, report)
    _spans(console, "Hours since the first request, first times only", "hour", report.hours)
    _spans(console, "Days since the first request, first times only", "day", report.days)
    for breakdown in report.breakdowns:
        _breakdown(console, report, breakdown)
    _notes(console, report)


def _rates(console: Console, report: Report) -> None:
    table = table_of_figures("", "share", "people", "of", "", "median", "from", "to")
    table.columns[4].justify = "left"
    for rate in report.rates:
        counts = f"{rate.of}; {rate.note}" if rate.note else rate.of
        usual = report.compared.of(rate.figure)
        before = (usual.median, usual.lowest, usual.highest) if usual else (None, None, None)
        table.add_row(
            rate.name,
            percent(rate.share),
            people(rate.people),
            people(rate.base),
            counts,
            *map(percent, before),
        )
    print_table(console, "Rates", table)
    totals = report.totals
    console.print(report.compared.says, highlight=False)
    console.print(
        f"Apart from these: {people(totals.machine_opened)} opened and {people(totals.machine_clicked)} clicked by"
        f" machines, {people(totals.deferred)} deferred at least once, {people(totals.silent)} accepted of whom nothing"
        " final was heard yet.",
        highlight=False,
    )


def _variants(console: Console, report: Report) -> None:
    table = table_of_figures("", "sent", "delivered", "opened", "clicked", "share")
    for variant in report.variants:
        numbers = (variant.sent, variant.delivered, variant.opened, variant.clicked)
        share = percent(variant.share(report.metric))
        table.add_row(plain(f"{variant.number}. {for_nobody(variant.subject)}"), *map(people, numbers), share)
    print_table(
        console, f"A/B test: people who got a variant; share of {report.metric} among the delivered", table
    )
    if report.variants:
        console.print(plain(report.decided_because or "The winner is not chosen yet."))


def _reasons(console: Console, report: Report) -> None:
    bounces = (
        Count(
            f"{bounce.kind}: {bounce.name} ({', '.join(f'{each.name} {people(each.people)}' for each in bounce.domains)})",
            bounce.people,
        )
        for bounce in report.bounces
    )
    for title, counts in (
        ("Excluded, by reason", report.excluded),
        ("Rejected one by one, by reason", report.rejections),
        (
            "Bounced, by class and domain (hard: the address is dead; blocked: refused this time)",
            bounces,
        ),
        ("Dropped by SendGrid, by reason", report.drops),
    ):
        print_table(console, title, _counted(counts))


def _counted(counts: Iterable[Count]) -> Table:
    table = table_of_figures("", "people")
    for count in counts:
        table.add_row(plain(count.name), people(count.people))
    return table


def _machines(console: Console, report: Report) -> None:
    counts = (Count(f"{each.act}: {each.says}", each.people) for each in report.machines)
    print_table(console, "Machines, by rule: people; in no rate", _counted(counts))


def _stories(console: Console, title: str, named: Iterable[tuple[str, StoryClicks | TopicClicks]]) -> None:
    table = table_of_figures("", "people", "of", "share", "machines")
    for name, each in named:
        numbers = (people(each.people), people(each.received), percent(each.share), people(each.machines))
        table.add_row(plain(name), *numbers)
    print_table(console, title, table)


def _links(console: Console, report: Report) -> None:
    table = table_of_figures("", "people", "machines")
    for link in report.links[:LINKS]:
        table.add_row(plain(address(link.url) or NO_LINK), people(link.people), people(link.machines))
    print_table(console, "Links: people who clicked; those in whose name a machine did", table)
    _rest(console, len(report.links) + report.more_links - LINKS, "links")


def _spans(console: Console, title: str, unit: str, spans: tuple[Span, ...]) -> None:
    table = table_of_figures(unit, "delivered", "opened", "clicked")
    for span in spans[:SPANS]:
        table.add_row(str(span.number), people(span.delivered), people(span.opened), people(span.clicked))
    print_table(console, title, table)
    _rest(console, len(spans) - SPANS, f"{unit}s")


def _breakdown(console: Console, report: Report, breakdown: Breakdown) -> None:
    labels = (report.note(figure).label.lower() for figure in breakdown.figures)
    table = table_of_figures("", *labels, gap=2 if console.width >= WIDE else 1)
    for column in table.columns[1:]:
        column.no_wrap = True  # where it is narrow, names are broken, and numbers are not
    shown = breakdown.all if len(breakdown.all) <= GROUPS + 1 else breakdown.groups[:GROUPS]
    for group in shown:
        numbers = (value_of(report, group, figure)[0] for figure in breakdown.figures)
        table.add_row(plain(group.name), *map(people, numbers))
    print_table(console, f"{breakdown.title}: people {breakdown.says}", table)
    _rest(console, len(breakdown.all) - len(shown), "rows")


def _notes(console: Console, report: Report) -> None:
    table = table_of_figures("", "")
    table.columns[1].justify = "left"
    labels = {note.figure: note.label.lower() for note in report.notes}
    for note in report.notes:
        table.add_row(note.label, note.counts + (f", as a share of {labels[note.of]}" if note.of else ""))
    print_table(console, "What the figures count", table)


def _rest(console: Console, count: int, what: str) -> None:
    if count > 0:
        console.print(f"… and {count:,} more {what}; the page and the CSV show more.", highlight=False)
