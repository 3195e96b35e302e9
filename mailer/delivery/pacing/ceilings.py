"""The ceilings of a newsletter: recipients an hour, an hour and receiving domain, and a day while its sender warms up.

Pure rules over what was used. ration.py reads that from the ledger and hands out what they allow.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mailer.delivery.models import BATCH_SIZE
from mailer.issues.models import Newsletter

HOUR = timedelta(hours=1)
SMALLEST_PART = 100
"""Recipients. A batch is not cut into smaller parts to use up an hour's ceiling: it would become many tiny requests, as
the allowance comes back bit by bit."""
UNLIMITED = 1_000_000_000
"""Recipients a day. A warm-up that has come so far limits nothing any more."""
LONGEST_WARM_UP = 2_100
"""Days. One recipient at first and 1 % more a day is past UNLIMITED by then: powers of more days only take time."""


@dataclass(frozen=True)
class Use:
    """Recipients who count against the ceilings: of a request that began then, or handed out and not begun yet."""

    size: int
    domain: str
    began: datetime


@dataclass(frozen=True)
class Waiting:
    """A batch that asks to go. `due` is False where it waits for a ceiling already."""

    id: int
    size: int
    domain: str
    due: bool = True


class Hourly:
    """So many recipients in every sixty minutes.

    `least` is the smallest part of a batch that is worth cutting off for it, `reached` when the last go that were placed.
    """

    def __init__(self, ceiling: int, uses: Iterable[Use], now: datetime) -> None:
        self.ceiling = ceiling
        self.least = min(SMALLEST_PART, ceiling)
        self._uses = deque(sorted((use.began, use.size) for use in uses if use.began > now - HOUR))
        self.used = sum(size for _, size in self._uses)
        self.reached = now

    @property
    def left(self) -> int:
        """How many may go now."""
        return max(0, self.ceiling - self.used)

    def take(self, size: int) -> None:
        """Let so many go now."""
        self._uses.append((self.reached, size))
        self.used += size

    def place(self, size: int) -> datetime:
        """Let so many go after all that were taken or placed before. Returns when the first are expected to."""
        first = None
        while size:
            part = min(size, self.ceiling)
            while self.used + part > self.ceiling:
                began, ended = self._uses.popleft()
                self.used -= ended
                self.reached = max(self.reached, began + HOUR)
            self.take(part)
            first = first or self.reached
            size -= part
        return first or self.reached


class Daily:
    """The warm-up: each day of the newsletter's time zone may have more recipients than the one before.

    `reached`: see Hourly.
    """

    least = 1

    def __init__(self, newsletter: Newsletter, uses: Iterable[Use], now: datetime) -> None:
        self._newsletter = newsletter
        self._zone = ZoneInfo(newsletter.time_zone)
        self._now = now
        self.day = now.astimezone(self._zone).date()
        start = self._start(self.day)
        self.used = sum(use.size for use in uses if use.began >= start)

    @property
    def reached(self) -> datetime:
        return max(self._now, self._start(self.day))

    @property
    def ceiling(self) -> int:
        """How many the day may have in all."""
        return allowance(self._newsletter, self.day)

    @property
    def left(self) -> int:
        """How many may go now."""
        return max(0, self.ceiling - self.used)

    def take(self, size: int) -> None:
        """Let so many go now."""
        self.used += size

    def place(self, size: int) -> datetime:
        """Let so many go after all that were taken or placed before. Returns when the first are expected to."""
        first = None
        if size and self._newsletter.warm_up_from and self.day < self._newsletter.warm_up_from:
            self.day, self.used = self._newsletter.warm_up_from, 0
        while size:
            part = min(size, self.left)
            if part and first is None:
                first = self._start(self.day)
            self.take(part)
            size -= part
            if size:
                self.day, self.used = self.day + timedelta(days=1), 0
        return max(first or self._now, self._now)

    def _start(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._zone)


def allowance(newsletter: Newsletter, day: date) -> int:
    """Recipients that a day of the warm-up may have: none before the first."""
    if newsletter.warm_up_from is None:
        return UNLIMITED
    days = (day - newsletter.warm_up_from).days
    if days < 0:
        return 0
    days = min(days, LONGEST_WARM_UP)
    # In whole numbers: with 10 % on 200 recipients, floats make 241 of the 242 of the third day.
    grown: int = newsletter.warm_up_first_day * (100 + newsletter.warm_up_growth) ** days
    divisor: int = 100**days
    return min(UNLIMITED, grown // divisor)


@dataclass(frozen=True)
class Ceilings:
    """Those of one newsletter, with what is used of each at one moment."""

    hour: Hourly | None
    day: Daily | None
    domains: Mapping[str, Hourly]

    def of(self, domain: str) -> list[Hourly | Daily]:
        """Those that a batch of this domain is under."""
        return [ceiling for ceiling in (self.hour, self.day, self.domains.get(domain)) if ceiling]

    def fitting(self, batch: Waiting) -> int:
        """How many recipients of a batch may go now: all, or as many as are worth cutting off, or none."""
        ceilings = self.of(batch.domain)
        part = min([batch.size, *(ceiling.left for ceiling in ceilings)])
        worth = all(ceiling.left >= batch.size or part >= ceiling.least for ceiling in ceilings)
        return part if worth else 0

    def take(self, domain: str, size: int) -> None:
        """Let so many of a domain go now."""
        for ceiling in self.of(domain):
            ceiling.take(size)

    @property
    def all(self) -> list[Hourly | Daily]:
        return [ceiling for ceiling in (self.hour, self.day, *self.domains.values()) if ceiling]

    def place(self, batch: Waiting) -> datetime | None:
        """When a batch that must wait is expected to go, after all that were placed before; None without a ceiling."""
        return max((ceiling.place(batch.size) for ceiling in self.of(batch.domain)), default=None)


def ceilings_of(newsletter: Newsletter, uses: Sequence[Use], now: datetime) -> Ceilings:
    """The ceilings of a newsletter.

    Args:
        uses: what began in the last hour and since the day began, and all that is handed out.
    """
    return Ceilings(
        hour=Hourly(newsletter.hourly_ceiling, uses, now) if newsletter.hourly_ceiling else None,
        day=Daily(newsletter, uses, now) if newsletter.warm_up_from else None,
        domains={
            domain: Hourly(ceiling, [use for use in uses if use.domain == domain], now)
            for domain, ceiling in newsletter.domain_ceilings.items()
        },
    )


def largest_batch(newsletter: Newsletter) -> int:
    """The most recipients that a batch may have to fit any ceiling but those of domains."""
    warm_up = newsletter.warm_up_first_day if newsletter.warm_up_from else BATCH_SIZE
    return min(BATCH_SIZE, newsletter.hourly_ceiling or BATCH_SIZE, warm_up)


def since(newsletter: Newsletter, now: datetime) -> datetime:
    """From when on the ceilings count at this moment."""
    day = now.astimezone(ZoneInfo(newsletter.time_zone)).date()
    return min(now - HOUR, datetime.combine(day, time(), ZoneInfo(newsletter.time_zone)))


def choose(
    batches: Iterable[Waiting], ceilings: Ceilings, most: int
) -> tuple[list[tuple[Waiting, int]], list[Waiting]]:
    """Which batches may go now, in this order, and which must wait for a ceiling.

    Those under a ceiling that is used up do not hold up the others.

    Args:
        most: batches that go, at most. The rest is in neither list.
    Returns: (batch, how many of its recipients) of each that goes; and those that stay.
    """
    going: list[tuple[Waiting, int]] = []
    staying: list[Waiting] = []
    for batch in batches:
        if len(going) == most:
            break
        part = ceilings.fitting(batch)
        if part:
            going.append((batch, part))
            ceilings.take(batch.domain, part)
        else:
            staying.append(batch)
    return going, staying
