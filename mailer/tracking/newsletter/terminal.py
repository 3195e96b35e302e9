"""The report of a newsletter in the terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from mailer.tracking.figures_table import table_of_figures
from mailer.tracking.newsletter.figures import BANDS, Arrivals, NewsletterReport, Period
from mailer.tracking.newsletter.wording import HEALTH, REASONS, age, best, points, span
from mailer.tracking.wording import moment, people, percent
from subscribers.text import one_line

WEEKS, MONTHS = 8, 12
"""The last ones are shown; the file (--csv) holds all."""
BAR = 24
"""Characters."""
ISSUES = 6
"""Issues that have a column of their own, at most: as many as there is room for."""
WIDE = 100
"""Columns of a terminal that growth needs to be told by every cause."""
ROOM, COLUMN = 76, 9
"""Columns that the shares of a domain take, and those of one issue beside them."""


def show(console: Console, report: NewsletterReport) -> None:
    """Print it."""
    console.print(Text(f"{one_line(report.name)}: {people(report.health.people)} people get it", "bold"))
    console.print(
        f"Counted {moment(report.counted_at)}; weeks and months by the clock of {report.time_zone}.",
        markup=False,
    )
    growth = "Who began to get it, who stopped (each by what came first), and how many got it at the end"
    _growth(console, f"By week. {growth}", report.growth.weeks[-WEEKS:], "%-d %b %Y")
    _growth(console, f"By month. {growth}", report.growth.months[-MONTHS:], "%b %Y")
    _bands(console, report)
    _topics(console, report)
    _title(console, f"Best hour: first opens and first clicks of {span(report)}, by people")
    console.print(best(report.hours), markup=False)
    _health(console, report)
    _domains(console, report)


def _title(console: Console, title: str) -> None:
    console.print(Text(f"\n{title}", "bold"), highlight=False)


def _growth(console: Console, title: str, periods: Sequence[Period], written: str) -> None:
    _title(console, title)
    if console.width < WIDE:
        table = table_of_figures("from", "joined", "left", "suppressed", "erased", "net", "size")
        for period in periods:
            counts = map(people, (period.joined, period.left, period.suppressed_in_all, period.erased))
            table.add_row(f"{period.start:{written}}", *counts, period.signed_net, people(period.size))
        console.print(table)
        return
    reasons = [reason for reason in REASONS if any(period.suppressed.get(reason) for period in periods)]
    table = table_of_figures(
        *("from", "signed up", "confirmed", "imported", "by link", "left"),
        *(REASONS[reason] for reason in reasons),
        *("erased", "net", "size"),
    )
    for period in periods:
        numbers = (period.signed_up, period.confirmed, period.imported, period.by_link, period.left)
        suppressed = (period.suppressed.get(reason, 0) for reason in reasons)
        counts = map(people, (*numbers, *suppressed, period.erased))
        table.add_row(f"{period.start:{written}}", *counts, period.signed_net, people(period.size))
    console.print(table)


def _bands(console: Console, report: NewsletterReport) -> None:
    table = table_of_figures("", "people", "share", "", "")
    table.columns[3].justify = table.columns[4].justify = "left"
    whole = sum(report.bands.values())
    for band, words in BANDS.items():
        count = report.bands[band]
        share = count / whole if whole else None
        table.add_row(band, people(count), percent(share), "█" * round(BAR * (share or 0)), words)
    _title(console, "Engagement of the people who get it; opens and clicks by people, not by programs")
    console.print(table)


def _topics(console: Console, report: NewsletterReport) -> None:
    topics = report.topics
    table = table_of_figures("", "chose it", "of choices", "clicks", "of clicks", "difference", "stories")
    for topic in topics.topics:
        chosen, clicked, difference = topics.shares(topic)
        table.add_row(
            Text(one_line(topic.name)),
            *(people(topic.chosen), percent(chosen), people(topic.clicked), percent(clicked)),
            *(points(difference), people(topic.stories)),
        )
    _title(
        console,
        f"Topics: chosen by {people(topics.chose)} of {people(topics.people)} people (the others get every topic), against"
        f" clicks on stories of {span(report)}; difference in percentage points",
    )
    console.print(table)


def _health(console: Console, report: NewsletterReport) -> None:
    table = table_of_figures("people", "share", "of", "")
    table.columns[3].justify, table.columns[0].justify = "left", "right"
    health, sent = report.health, report.arrivals
    for figure, words in HEALTH.items():
        if figure not in ("days", "sent"):
            count, base = getattr(health, figure), health.base(figure)
            of = (percent(count / base), people(base)) if base else ("", "")
            table.add_row(people(count), *of, words)
    for count, words in (
        (sent.bounced, f"hard bounces, of the mail sent in {span(report)}"),
        (sent.complained, f"complaints, of the mail sent in {span(report)}"),
    ):
        share = percent(count / sent.sent if sent.sent else None)
        table.add_row(people(count), share, people(sent.sent), words)
    _title(console, "List health")
    console.print(table)
    if health.days:
        console.print(
            f"Half of the people have been on the list for {age(health.days)} or longer.", highlight=False
        )


def _domains(console: Console, report: NewsletterReport) -> None:
    shown = min(ISSUES, len(report.issues), max(console.width - ROOM, 0) // COLUMN)
    issues = [issue.number for issue in reversed(report.issues[:shown])]
    table = table_of_figures(
        *("", "sent", "delivered", "bounced", "blocked", "complaints", "opened"),
        *(f"issue {number}" for number in issues),
    )
    for domain in report.domains:
        every = domain.all
        shares = (every.delivered, every.bounced, every.blocked, every.complained)
        table.add_row(
            Text(one_line(domain.name)),
            people(every.sent),
            *(percent(count / every.sent if every.sent else None) for count in shares),
            percent(every.opened / every.delivered if every.delivered else None),
            *map(_delivered, domain.issues[len(domain.issues) - shown :]),
        )
    _title(
        console,
        f"Receiving domains over {span(report)}: shares of the people sent to (opened: of delivered)"
        + ("; then delivered by issue" if shown else ""),
    )
    console.print(table)


def _delivered(arrivals: Arrivals) -> str:
    return percent(arrivals.delivered / arrivals.sent if arrivals.sent else None)
