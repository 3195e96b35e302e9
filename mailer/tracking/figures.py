"""What a report is made of: pure data, counted from the ledger at one moment (by report.py).

Every figure counts people, each once: somebody who opened ten times is one open. What is a rate says what
it is a share of.
"""

from dataclasses import dataclass
from datetime import date, datetime

from mailer.delivery.progress import Progress
from mailer.delivery.winner import Result

DOMAINS = 12
"""Receiving domains shown by name; the rest is added up."""


@dataclass(frozen=True)
class Count:
    """People for one reason, or of one class."""

    name: str
    people: int


@dataclass(frozen=True)
class Bounce:
    """Refusals of one class; `hard` ones mean that the address is dead, the others that it was refused this time."""

    hard: bool
    name: str
    people: int


@dataclass(frozen=True)
class Totals:
    """How many people each thing happened to.

    `silent` were accepted by SendGrid and nothing final was heard of them yet. `opened` is by a person,
    `machine_opened` by a program that fetches pictures in advance; who has both is in both.
    """

    delivered: int
    deferred: int
    bounced: int
    blocked: int
    dropped: int
    silent: int
    opened: int
    machine_opened: int
    clicked: int
    opened_and_clicked: int
    complained: int
    unsubscribed: int


@dataclass(frozen=True)
class Hour:
    """What happened for the first time in one hour, counted from 0 at the first request of the send."""

    number: int
    delivered: int
    opened: int
    clicked: int


@dataclass(frozen=True)
class LinkFigures:
    """People who clicked a link. `story` is its headline, "" for a link of no story."""

    url: str
    label: str
    story: str
    clicked: int


@dataclass(frozen=True)
class StoryFigures:
    """People who clicked any link of a story, and those SendGrid took an edition with it for."""

    position: int
    headline: str
    received: int
    clicked: int


@dataclass(frozen=True)
class DomainFigures:
    """One receiving domain; `sent` counts those SendGrid accepted, `bounced` hard bounces and blocks."""

    domain: str
    sent: int
    delivered: int
    bounced: int
    opened: int
    clicked: int


@dataclass(frozen=True)
class EditionFigures:
    """One edition: the numbers of its stories in the issue, and the people it goes or went to."""

    number: int
    stories: tuple[int, ...]
    recipients: int


@dataclass(frozen=True)
class Report:
    """All figures of a send.

    `audience` says whom on the list it was for. `started_at` is when the first request left, None before. `domains`
    are the greatest by people sent to; `other_domains` adds up the rest and says how many they are in its name.
    `variants` are those of the A/B test, none without one; they are judged by `metric`, and `decided_because` says who
    won and why.
    """

    send_id: int
    newsletter: str
    issue_number: int
    issue_date: date
    subject: str
    mailing_list: str
    audience: str
    taken_at: datetime
    planned: bool
    started_at: datetime | None
    paused_because: str
    cancelled_because: str
    identity: Progress
    excluded: tuple[Count, ...]
    rejections: tuple[Count, ...]
    totals: Totals
    bounces: tuple[Bounce, ...]
    drops: tuple[Count, ...]
    hours: tuple[Hour, ...]
    links: tuple[LinkFigures, ...]
    stories: tuple[StoryFigures, ...]
    domains: tuple[DomainFigures, ...]
    other_domains: DomainFigures | None
    editions: tuple[EditionFigures, ...]
    variants: tuple[Result, ...]
    metric: str
    decided_because: str

    @property
    def adds_up(self) -> bool:
        """Whether the candidates that the plan counted are all accounted for."""
        return (
            self.identity.adds_up and sum(count.people for count in self.excluded) == self.identity.excluded
        )

    @property
    def rates(self) -> tuple["Rate", ...]:
        """The shares that people compare, each with what it is a share of."""
        totals, accepted = self.totals, self.identity.accepted
        return (
            Rate("Delivered", totals.delivered, accepted, "accepted by SendGrid"),
            Rate("Opened", totals.opened, totals.delivered, "delivered", "by people, not machines"),
            Rate("Clicked", totals.clicked, totals.delivered, "delivered", "on any link"),
            Rate(
                "Click-to-open",
                totals.opened_and_clicked,
                totals.opened,
                "who opened",
                "how many clicked too",
            ),
            Rate(
                "Bounced",
                totals.bounced + totals.blocked,
                accepted,
                "accepted by SendGrid",
                "hard and blocked",
            ),
            Rate("Complained", totals.complained, totals.delivered, "delivered", "by the spam button"),
            Rate("Unsubscribed", totals.unsubscribed, totals.delivered, "delivered", "by way of this mail"),
        )


@dataclass(frozen=True)
class Rate:
    """A share: `people` out of `base`, what that base is, and what else to know of it."""

    name: str
    people: int
    base: int
    of: str
    note: str = ""

    @property
    def share(self) -> float | None:
        """From 0 to 1; None where there is nothing to be a share of."""
        return self.people / self.base if self.base else None
