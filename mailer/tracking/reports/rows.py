"""A report as one long table: every figure a row, with what it counts and what it is a share of."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from mailer.tracking.link_figures import StoryClicks, TopicClicks
from mailer.tracking.reports.figures import Breakdown, Comparison, Group, Report, Span
from subscribers import spreadsheet

COLUMNS = ("part", "name", "figure", "value", "of", "what it counts")
NO_LINK = "a link that is in no edition"
"""What stands for all those that were clicked and are in none."""


@dataclass(frozen=True)
class Row:
    """One figure. `of` is the number that `value` is a share of, "" for none; shares are from 0 to 1."""

    part: str
    name: str
    figure: str
    value: int | float | str
    of: int | str
    counts: str


def as_csv(report: Report) -> str:
    """The table as CSV (RFC 4180). Cells that a spreadsheet would run as formulas are defused."""
    return spreadsheet.as_csv(
        COLUMNS, ((row.part, row.name, row.figure, row.value, row.of, row.counts) for row in rows(report))
    )


def rows(report: Report) -> Iterator[Row]:
    """Every figure of a report, in the order in which the page shows them."""
    yield from _send(report)
    yield from _identity(report)
    for rate in report.rates:
        counts = f"people; share of those {rate.of}" + (f"; {rate.note}" if rate.note else "")
        yield Row("rates", rate.name, rate.figure, rate.people, rate.base, counts)
        yield from _usual(report.compared, rate.figure, rate.name)
    for note in report.notes:
        if hasattr(report.totals, note.figure):
            of = int(getattr(report.totals, note.of)) if note.of else ""
            yield Row(
                "totals", note.label, note.figure, int(getattr(report.totals, note.figure)), of, note.counts
            )
    yield from _reasons(report)
    yield from _times(report)
    yield from _clicks(report)
    for breakdown in report.breakdowns:
        for group in breakdown.all:
            yield from _group(report, breakdown, group)


def _send(report: Report) -> Iterator[Row]:
    for name, value, counts in (
        ("send", report.send_id, "the send's number"),
        ("newsletter", report.newsletter, "its name"),
        ("issue", report.issue_number, "the issue's number"),
        ("issue date", report.issue_date.isoformat(), "the issue's date"),
        ("subject", report.subject, "the issue's own; variants have theirs"),
        ("list", report.mailing_list, "the mailing list"),
        ("audience", report.audience, "whom on the list it is for"),
        ("first request", _moment(report.started_at), "when it left"),
        ("counted", _moment(report.counted_at), "when all of this was counted"),
    ):
        yield Row("send", name, "", value, "", counts)


def _moment(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def _identity(report: Report) -> Iterator[Row]:
    now = report.identity
    yield Row("identity", "candidates", "candidates", now.candidates, "", "people whom the plan counted")
    for figure, counts in (
        ("excluded", "candidates who get nothing"),
        ("waiting", "those who still wait, the ones in flight among them"),
        ("in_flight", "those whose request is under way"),
        ("accepted", "those whose mail SendGrid accepted"),
        ("rejected", "those whom SendGrid refused"),
        ("unknown", "those of whom SendGrid's answer was lost"),
    ):
        yield Row("identity", figure.replace("_", " "), figure, getattr(now, figure), now.candidates, counts)


def _usual(compared: Comparison, figure: str, name: str) -> Iterator[Row]:
    usual = compared.of(figure)
    if usual is None:
        return
    for what in ("median", "lowest", "highest"):
        counts = f"share, {what} of the newsletter's {usual.issues} issues sent just before it that have one"
        yield Row("compared", name, f"{figure}: {what}", round(getattr(usual, what), 6), "", counts)


def _reasons(report: Report) -> Iterator[Row]:
    for count in report.excluded:
        yield Row(
            "excluded", count.name, "excluded", count.people, report.identity.candidates, "people, by reason"
        )
    for count in report.rejections:
        yield Row(
            "rejected", count.name, "rejected", count.people, report.identity.candidates, "people, by reason"
        )
    sent = report.totals.sent
    for bounce in report.bounces:
        counts = "people, by the class that SendGrid gave"
        yield Row("bounces", f"{bounce.kind}: {bounce.name}", bounce.kind, bounce.people, sent, counts)
        for domain in bounce.domains:
            name = f"{bounce.kind}: {bounce.name}: {domain.name}"
            counts = "people, by class and receiving domain; the domains with most of the class"
            yield Row("bounces by domain", name, bounce.kind, domain.people, bounce.people, counts)
    for drop in report.drops:
        yield Row("dropped", drop.name, "dropped", drop.people, sent, "people, by the reason SendGrid gave")
    for machine in report.machines:
        figure = f"machine_{machine.act}"
        total = int(getattr(report.totals, figure))
        yield Row("machines", machine.rule, figure, machine.people, total, f"people: {machine.says}")


def _times(report: Report) -> Iterator[Row]:
    for part, spans in (("hours", report.hours), ("days", report.days)):
        for span in spans:
            yield from _span(report, part, span)


def _span(report: Report, part: str, span: Span) -> Iterator[Row]:
    for figure in ("delivered", "opened", "clicked"):
        counts = f"people for whom it was the first time, in this {part[:-1]} since the first request, from 0"
        total = int(getattr(report.totals, figure))
        yield Row(part, str(span.number), figure, int(getattr(span, figure)), total, counts)


def _clicks(report: Report) -> Iterator[Row]:
    for variant in report.variants:
        for figure, of in (
            ("sent", ""),
            ("delivered", "sent"),
            ("opened", "delivered"),
            ("clicked", "delivered"),
        ):
            yield Row(
                "A/B test",
                f"{variant.number}. {variant.subject}",
                figure,
                getattr(variant, figure),
                getattr(variant, of) if of else "",
                "people in the test who got the variant; opened and clicked by people",
            )
    named: list[tuple[str, str, StoryClicks | TopicClicks]] = [
        ("stories", f"{story.position}. {story.headline}", story) for story in report.stories
    ]
    named += [("topics", topic.name, topic) for topic in report.topics]
    for part, name, each in named:
        yield Row(
            part, name, "received", each.received, "", "people for whom SendGrid accepted an edition with it"
        )
        yield Row(part, name, "clicked", each.people, each.received, "people who clicked any link of it")
        counts = "people in whose name a program followed a link of it; in no rate"
        yield Row(part, name, "machine_clicked", each.machines, each.received, counts)
    for link in report.links:
        name, clicked = link.url or NO_LINK, report.totals.clicked
        counts = "people who clicked the link; share of all who clicked anything"
        yield Row("links", name, "clicked", link.people, clicked, counts)
        yield Row("links", name, "clicks", link.clicks, "", "clicks by people, each time one clicked")
        counts = "people in whose name a program followed it; in no rate"
        yield Row("links", name, "machine_clicked", link.machines, report.totals.machine_clicked, counts)


def _group(report: Report, breakdown: Breakdown, group: Group) -> Iterator[Row]:
    for figure in breakdown.figures:
        value, of = value_of(report, group, figure)
        counts = f"{report.note(figure).counts}; {breakdown.says}"
        yield Row(breakdown.by, group.name, figure, value, "" if of is None else of, counts)


def value_of(report: Report, group: Group, figure: str) -> tuple[int, int | None]:
    """A figure of a group, and the one that it is a share of; None for none."""
    if figure == "recipients":
        return group.recipients or 0, None
    of = report.note(figure).of
    return int(getattr(group.totals, figure)), int(getattr(group.totals, of)) if of else None
