"""What the report of a newsletter is made of: pure data, counted at one moment (by count.py) and kept as JSON.

Every figure counts people, each once in what it is counted in, unless its name says otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

VERSION = 1
"""Of what is kept: figures of another form are counted anew."""
ACTIVE, COOLING = 4, 12
"""Of the last so many issues one was opened or clicked: the bands of engagement."""
ENOUGH = 4
"""Issues that somebody must have been sent before their silence means something."""
LAST = COOLING
"""Issues that topics, hours and domains are counted over."""
FEW = 500
"""Opens and clicks below which the best hour is a guess."""
EVER = 52
"""Issues that "never" looks back."""
DOMAINS = 8
"""Receiving domains shown by name; the rest is added up."""

BANDS = {
    "active": f"opened or clicked one of the last {ACTIVE} issues",
    "cooling": f"opened or clicked one of the {COOLING - ACTIVE} issues before these, and none since",
    "silent": f"was sent {ENOUGH} or more of the last {COOLING} issues and opened or clicked none of them",
    "new": f"was sent fewer than {ENOUGH} of the last {COOLING} issues and opened or clicked none: too early to tell",
}
"""The bands of engagement, in the words in which they are defined. Each person is in the first that fits."""


@dataclass(frozen=True)
class Sent:
    """An issue that went out, with all of its sends as one."""

    number: int
    date: date
    sends: tuple[int, ...]


@dataclass(frozen=True)
class Period:
    """A week (from Monday) or a month, in the newsletter's time zone: who came to the list, and who went.

    Attributes:
        start: its first day.
        signed_up: sign-ups by form, confirmed or not.
        confirmed, imported, by_link: who began to get the newsletter, by how: they confirmed; a file named them;
            they joined or came back by a link in a mail.
        left: who left by themselves, or were taken off by staff or a file.
        suppressed: who was on the list when their address was suppressed, by reason.
        erased: who was on the list when they were erased.
        size: who got the newsletter at the end of it, counted back from the list as it is now.
    """

    start: date
    signed_up: int = 0
    confirmed: int = 0
    imported: int = 0
    by_link: int = 0
    left: int = 0
    suppressed: Mapping[str, int] = field(default_factory=dict)
    erased: int = 0
    size: int = 0

    @property
    def joined(self) -> int:
        """Who began to get the newsletter."""
        return self.confirmed + self.imported + self.by_link

    @property
    def suppressed_in_all(self) -> int:
        """For any reason."""
        return sum(self.suppressed.values())

    @property
    def gone(self) -> int:
        """Who got it and does not any more, each by what came first."""
        return self.left + self.suppressed_in_all + self.erased

    @property
    def net(self) -> int:
        """By how much the number of those who get it changed."""
        return self.joined - self.gone

    @property
    def signed_net(self) -> str:
        """It with its sign."""
        return f"{self.net:+,}" if self.net else "0"


@dataclass(frozen=True)
class Growth:
    """The periods from the first of which anything is recorded to the present one, without a gap."""

    weeks: tuple[Period, ...]
    months: tuple[Period, ...]


@dataclass(frozen=True)
class Topic:
    """A topic, chosen and clicked.

    Attributes:
        chosen: people on the list who chose it by name.
        clicked: clicks of people on stories with it, each person's on one story once.
        stories: how many stories of the issues had it.
    """

    name: str
    chosen: int
    clicked: int
    stories: int


@dataclass(frozen=True)
class Topics:
    """What people choose against what they click.

    Attributes:
        chose: people on the list who chose topics at all; the others get every topic.
    """

    chose: int
    people: int
    topics: tuple[Topic, ...]

    def shares(self, topic: Topic) -> tuple[float | None, float | None, float | None]:
        """Its share of all choices, its share of all clicks, and by how much the second is above the first."""
        choices = sum(each.chosen for each in self.topics)
        clicks = sum(each.clicked for each in self.topics)
        chosen = topic.chosen / choices if choices else None
        clicked = topic.clicked / clicks if clicks else None
        both = chosen is not None and clicked is not None
        return chosen, clicked, (clicked or 0) - (chosen or 0) if both else None


@dataclass(frozen=True)
class Hours:
    """When people open and click: first opens and first clicks of an issue, by local weekday and hour.

    Attributes:
        acts: opens and clicks of each hour of the week, from Monday 0:00: 168 numbers.
        own: how many of them in the reader's own zone or their country's; the others in the newsletter's.
    """

    acts: tuple[int, ...]
    own: int

    @property
    def total(self) -> int:
        """How many opens and clicks there are."""
        return sum(self.acts)

    @property
    def few(self) -> bool:
        """Whether they are too few to trust the best hour."""
        return self.total < FEW

    @property
    def best(self) -> tuple[int, int] | None:
        """The weekday (0 is Monday) and hour with the most; None without any."""
        return divmod(max(range(168), key=self.acts.__getitem__), 24) if self.total else None

    @property
    def best_hour(self) -> int | None:
        """The hour of the day with the most, over all weekdays."""
        return max(range(24), key=lambda hour: sum(self.acts[hour::24])) if self.total else None


@dataclass(frozen=True)
class Health:
    """What a list is made of.

    Attributes:
        people: on the list and not suppressed: they get the newsletter. All below are of these, unless they say so.
        suppressed: on the list, and get nothing because their address is suppressed.
        unconfirmed: signed up and not confirmed; not on the list.
        asked_pause, soft_bounces: paused now, as they asked, or because their mail was refused again and again.
        roles: addresses of a role, such as info@.
        slips: addresses whose domain is one slip away from a great provider's, such as gmial.com.
        never: were sent issues (of the last 52) and opened or clicked none of them.
        sent: were sent any of these.
        days: since the subscription began, the middle one of all; None of nobody.
        young, old: subscriptions of the last 90 days, and older than two years.
    """

    people: int
    suppressed: int
    unconfirmed: int
    asked_pause: int
    soft_bounces: int
    roles: int
    slips: int
    never: int
    sent: int
    days: int | None
    young: int
    old: int

    def base(self, figure: str) -> int | None:
        """How many a figure is a share of; None where it is of others than the people on the list."""
        if figure in ("people", "unconfirmed", "days"):
            return None
        others = {"suppressed": self.people + self.suppressed, "never": self.sent}
        return others.get(figure, self.people)


@dataclass(frozen=True)
class Arrivals:
    """What became of an issue's mail to one receiving domain: people.

    Attributes:
        sent: accepted by SendGrid.
        delivered: taken by the receiving server.
        bounced: hard; blocked: refused this time, and no hard bounce.
        opened: by a person.
    """

    sent: int = 0
    delivered: int = 0
    bounced: int = 0
    blocked: int = 0
    complained: int = 0
    opened: int = 0

    def __add__(self, other: "Arrivals") -> "Arrivals":
        return Arrivals(
            self.sent + other.sent,
            self.delivered + other.delivered,
            self.bounced + other.bounced,
            self.blocked + other.blocked,
            self.complained + other.complained,
            self.opened + other.opened,
        )


@dataclass(frozen=True)
class Domain:
    """A receiving domain, or all the others, with each issue, the oldest first."""

    name: str
    issues: tuple[Arrivals, ...]

    @property
    def all(self) -> Arrivals:
        """Over all issues."""
        return sum(self.issues, Arrivals())


@dataclass(frozen=True)
class NewsletterReport:
    """All that is told of a newsletter. `issues` are the last ones that went out, the newest first."""

    slug: str
    name: str
    mailing_list: str
    time_zone: str
    counted_at: datetime
    issues: tuple[Sent, ...]
    growth: Growth
    bands: Mapping[str, int]
    topics: Topics
    hours: Hours
    health: Health
    domains: tuple[Domain, ...]
    version: int = VERSION

    @property
    def arrivals(self) -> Arrivals:
        """Over all issues and domains."""
        return sum((domain.all for domain in self.domains), Arrivals())
