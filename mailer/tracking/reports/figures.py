"""What a report is made of: pure data, counted from the ledger at one moment (see count.py).

Every figure counts people, each once: somebody who opened ten times is one open. What is a rate says what
it is a share of; what each figure counts stands in the report itself (see notes.py).
"""

from dataclasses import dataclass
from datetime import date, datetime

from mailer.delivery.progress import Progress
from mailer.delivery.winner import Result
from mailer.tracking.link_figures import LinkClicks, StoryClicks, TopicClicks
from mailer.tracking.wording import percent

VERSION = 2
"""Of this form. What was kept in another one is counted again; raise it with every change of these classes."""


@dataclass(frozen=True)
class Note:
    """What a figure counts: its name in Totals, as people read it, in words, and the figure it is a share of ("" for
    none)."""

    figure: str
    label: str
    counts: str
    of: str


@dataclass(frozen=True)
class Count:
    """People for one reason, or of one class."""

    name: str
    people: int


@dataclass(frozen=True)
class Bounce:
    """Refusals of one class; `hard` ones mean that the address is dead, the others that it was refused this time.
    `domains` are the receiving domains with the most of them."""

    hard: bool
    name: str
    people: int
    domains: tuple[Count, ...]

    @property
    def kind(self) -> str:
        return "hard" if self.hard else "blocked"


@dataclass(frozen=True)
class Totals:
    """How many people each thing happened to; notes.py says what each counts.

    `silent` were accepted by SendGrid and nothing final was heard of them yet. `opened` and `clicked` are by a person,
    `machine_opened` and `machine_clicked` by a program; who has both is in both.
    """

    sent: int = 0
    delivered: int = 0
    deferred: int = 0
    hard: int = 0
    blocked: int = 0
    dropped: int = 0
    silent: int = 0
    opened: int = 0
    machine_opened: int = 0
    clicked: int = 0
    machine_clicked: int = 0
    opened_and_clicked: int = 0
    complained: int = 0
    unsubscribed: int = 0

    @property
    def bounced(self) -> int:
        """Hard bounces and blocks. Nobody is in both."""
        return self.hard + self.blocked


@dataclass(frozen=True)
class Group:
    """People who have something in common. `recipients` is to how many it goes or went, where that is known apart."""

    name: str
    totals: Totals
    recipients: int | None = None


@dataclass(frozen=True)
class Breakdown:
    """All that happened, by groups of people, the greatest first.

    `figures` are those that say something of such groups; `rest` adds up the groups that are too many to be shown, and
    its name says how many they are. `by` names it in CSV and JSON, `says` what the groups are.
    """

    by: str
    title: str
    says: str
    figures: tuple[str, ...]
    groups: tuple[Group, ...]
    rest: Group | None = None

    @property
    def all(self) -> tuple[Group, ...]:
        return (*self.groups, self.rest) if self.rest else self.groups


@dataclass(frozen=True)
class Span:
    """What happened for the first time in one hour, or day, counted from 0 at the first request of the send."""

    number: int
    delivered: int
    opened: int
    clicked: int


@dataclass(frozen=True)
class Machine:
    """People for whom a program did something (`act`: opened, clicked), by the rule that tells it from a person."""

    act: str
    rule: str
    says: str
    people: int


@dataclass(frozen=True)
class Rate:
    """A share: `people` out of `base`, what that base is, and what else to know of it. `figure` names it in CSV."""

    figure: str
    name: str
    people: int
    base: int
    of: str
    note: str = ""

    @property
    def share(self) -> float | None:
        """From 0 to 1; None where there is nothing to be a share of."""
        return self.people / self.base if self.base else None


@dataclass(frozen=True)
class Usual:
    """A rate over the issues before: how many of them have it, the one in the middle, the lowest and the highest, from
    0 to 1."""

    figure: str
    issues: int
    median: float
    lowest: float
    highest: float

    @property
    def says(self) -> str:
        """It in words."""
        if self.issues == 1:
            return f"{percent(self.median)} in the issue before"
        return f"median {percent(self.median)}, from {percent(self.lowest)} to {percent(self.highest)}"


@dataclass(frozen=True)
class Comparison:
    """With the newsletter's issues before: those there are, ten at most, and those of them with figures."""

    issues: int
    counted: int
    usual: tuple[Usual, ...]

    def of(self, figure: str) -> Usual | None:
        return next((usual for usual in self.usual if usual.figure == figure), None)

    @property
    def says(self) -> str:
        """What it is compared with."""
        if not self.issues:
            return "There is no issue before it to compare with."
        issues = "the issue" if self.issues == 1 else f"the {self.issues} issues"
        missing = self.issues - self.counted
        without = f", {missing} of them without figures yet" if missing else ""
        return f"Compared with {issues} of the newsletter sent just before it (ten at most{without}), as they stand now."


@dataclass(frozen=True)
class Report:
    """All figures of a send.

    `audience` says whom on the list it was for. `started_at` is when the first request left, None before; `seconds` how
    long counting took. `variants` are those of the A/B test, none without one; they are judged by `metric`, and
    `decided_because` says who won and why. `hours` are the first three days', `days` all. `links` are those that most
    people clicked, `more_links` how many more there are.
    """

    send_id: int
    newsletter: str
    issue_number: int
    issue_date: date
    subject: str
    mailing_list: str
    audience: str
    counted_at: datetime
    seconds: float
    planned: bool
    started_at: datetime | None
    paused_because: str
    cancelled_because: str
    identity: Progress
    excluded: tuple[Count, ...]
    rejections: tuple[Count, ...]
    totals: Totals
    rates: tuple[Rate, ...]
    compared: Comparison
    bounces: tuple[Bounce, ...]
    drops: tuple[Count, ...]
    machines: tuple[Machine, ...]
    hours: tuple[Span, ...]
    days: tuple[Span, ...]
    links: tuple[LinkClicks, ...]
    more_links: int
    stories: tuple[StoryClicks, ...]
    topics: tuple[TopicClicks, ...]
    breakdowns: tuple[Breakdown, ...]
    variants: tuple[Result, ...]
    metric: str
    decided_because: str
    notes: tuple[Note, ...]

    @property
    def adds_up(self) -> bool:
        """Whether the candidates that the plan counted are all accounted for."""
        return (
            self.identity.adds_up and sum(count.people for count in self.excluded) == self.identity.excluded
        )

    def by(self, what: str) -> Breakdown:
        """The breakdown of this name. Raises LookupError where there is none."""
        for breakdown in self.breakdowns:
            if breakdown.by == what:
                return breakdown
        raise LookupError(what)

    def note(self, figure: str) -> Note:
        """What a figure counts. Raises LookupError for what is none."""
        for note in self.notes:
            if note.figure == figure:
                return note
        raise LookupError(figure)
