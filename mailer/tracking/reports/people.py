"""All figures of people, of everybody and by groups, in one reading of a send's deliveries.

Each delivery becomes one number with a bit for each thing that happened to it (its mask), so that PostgreSQL counts
masks instead of a dozen columns for each way of grouping.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TypeVar

from django.db.backends.utils import CursorWrapper

from mailer.tracking.reports.figures import Totals

Key = TypeVar("Key")
_BITS = (
    ("sent", "batch.state = 'accepted' AND delivery.rejected_because IS NULL"),
    ("delivered", "delivery.delivered_at IS NOT NULL"),
    ("deferred", "delivery.deferred_at IS NOT NULL"),
    ("hard", "delivery.bounced_at IS NOT NULL"),
    ("blocked", "delivery.blocked_at IS NOT NULL"),
    ("dropped", "delivery.dropped_at IS NOT NULL"),
    ("opened", "delivery.opened_at IS NOT NULL"),
    ("machine_opened", "delivery.machine_opened_at IS NOT NULL"),
    ("clicked", "delivery.clicked_at IS NOT NULL"),
    ("machine_clicked", "delivery.machine_clicked_at IS NOT NULL"),
    ("complained", "delivery.complained_at IS NOT NULL"),
    ("unsubscribed", "delivery.unsubscribed_at IS NOT NULL"),
)
_BIT = {name: 1 << place for place, (name, _) in enumerate(_BITS)}
MASK = " | ".join(f"CASE WHEN {condition} THEN {_BIT[name]} ELSE 0 END" for name, condition in _BITS)
"""SQL over the tables delivery and batch."""

# Of each figure: the bits that it looks at, and those of them that must be set.
_FIGURES = {
    **{name: (bit, bit) for name, bit in _BIT.items()},
    # Who bounced after all is no block any more.
    "blocked": (_BIT["hard"] | _BIT["blocked"], _BIT["blocked"]),
    "silent": (
        _BIT["sent"] | _BIT["delivered"] | _BIT["hard"] | _BIT["blocked"] | _BIT["dropped"],
        _BIT["sent"],
    ),
    "opened_and_clicked": (_BIT["opened"] | _BIT["clicked"], _BIT["opened"] | _BIT["clicked"]),
}
_NAMES = tuple(Totals.__dataclass_fields__)
_numbers = attrgetter(*_NAMES)
TOTALS = ", ".join(
    f"coalesce(sum(people) FILTER (WHERE mask & {looked} = {wanted}), 0)::bigint"
    for looked, wanted in (_FIGURES[name] for name in _NAMES)
)
"""SQL for the columns of Totals, over rows with a mask and how many people have it."""

_SETS = (
    ("edition_id",),
    ("domain",),
    ("language", "time_zone", "country"),
    ("opened_with", "opened_on", "machine_rule"),
)
"""How deliveries are grouped. Columns of which there are few together stand in one set: each set costs another reading of
all who are alike."""
_COLUMNS = tuple(column for columns in _SETS for column in columns)

_COUNT = f"""
WITH fact AS (
    SELECT batch.edition_id::text, lower(split_part(subscriber.email, '@', -1)) AS domain, subscriber.language,
        subscriber.time_zone, subscriber.country, delivery.opened_with, delivery.opened_on, delivery.machine_rule,
        {MASK} AS mask
    FROM delivery_delivery delivery
    JOIN delivery_batch batch ON batch.id = delivery.batch_id
    JOIN subscribers_subscriber subscriber ON subscriber.id = delivery.subscriber_id
    WHERE delivery.send_id = %s
), alike AS (
    SELECT {", ".join(_COLUMNS)}, mask, count(*)::int AS people FROM fact GROUP BY {", ".join(_COLUMNS)}, mask
), counted AS (
    SELECT {", ".join(_COLUMNS)}, grouping({", ".join(columns[0] for columns in _SETS)}) AS grouped, mask,
        sum(people)::int AS people
    FROM alike GROUP BY GROUPING SETS ({", ".join(f"({', '.join(columns)}, mask)" for columns in _SETS)})
)
SELECT grouped, {", ".join(f"coalesce({column}, '')" for column in _COLUMNS)}, {TOTALS}
FROM counted GROUP BY grouped, {", ".join(_COLUMNS)}
"""
# PostgreSQL's grouping() has a bit for each of its columns, from the last on, set where the row is not grouped by it.
_GROUPED = {
    (1 << len(_SETS)) - 1 & ~(1 << (len(_SETS) - 1 - place)): columns for place, columns in enumerate(_SETS)
}


@dataclass(frozen=True)
class Counted:
    """Groups of people by the columns of _SETS that they share, with their figures; "" stands for none."""

    sets: Mapping[tuple[str, ...], Sequence[tuple[tuple[str, ...], Totals]]]

    @property
    def totals(self) -> Totals:
        """Of everybody."""
        return together(totals for _, totals in next(iter(self.sets.values())))

    def by(self, *names: str) -> dict[tuple[str, ...], Totals]:
        """The groups by some columns of one set. Raises LookupError where no set has them."""
        for columns, groups in self.sets.items():
            if set(names) <= set(columns):
                places = [columns.index(name) for name in names]
                return add_up((tuple(key[place] for place in places), totals) for key, totals in groups)
        raise LookupError(names)

    def named(self, column: str) -> dict[str, Totals]:
        """The groups by one column."""
        return {name: totals for (name,), totals in self.by(column).items()}


def count_people(cursor: CursorWrapper, send_id: int) -> Counted:
    """Count all that happened to the people of a send."""
    # PostgreSQL cannot know how many are alike, and would sort them all; hashes take half the time, within work_mem.
    cursor.execute("SET LOCAL enable_sort = off")
    cursor.execute(_COUNT, [send_id])
    found = cursor.fetchall()
    cursor.execute("SET LOCAL enable_sort = on")
    sets: dict[tuple[str, ...], list[tuple[tuple[str, ...], Totals]]] = {columns: [] for columns in _SETS}
    for grouped, *row in found:
        columns = _GROUPED[grouped]
        start = _COLUMNS.index(columns[0])
        key, numbers = row[start : start + len(columns)], row[len(_COLUMNS) :]
        sets[columns].append((tuple(key), Totals(*numbers)))
    return Counted(sets)


def add_up(named: Iterable[tuple[Key, Totals]]) -> dict[Key, Totals]:
    """The totals of each name, where several bear it."""
    found: dict[Key, list[Totals]] = defaultdict(list)
    for name, totals in named:
        found[name].append(totals)
    return {name: each[0] if len(each) == 1 else together(each) for name, each in found.items()}


def together(several: Iterable[Totals]) -> Totals:
    """Of several groups of people who are in one of them each."""
    columns = zip(*map(_numbers, several), strict=True)
    return Totals(*map(sum, columns))
