"""A rule as one SQL expression, for any query over subscribers."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from subscribers.segments.errors import SegmentError

_PREFIX = re.compile("[a-z][a-z0-9_]{0,30}")
MOST_CONDITIONS = 1_000
"""Of a rule together with the segments that it names."""


@dataclass(frozen=True)
class Predicate:
    """Whether a subscriber is in a segment, as SQL.

    Attributes:
        sql: one boolean expression, never NULL, over the alias `subscriber` of subscribers_subscriber. It is put
            together from constants alone; every value is a named parameter. It leaves erased people in.
        params: the parameters by name. All names begin with the prefix that was asked for, so that several predicates
            can stand in one query with parameters of its own.

    An expression is meant for a query over many people: what it asks of other tables is asked once a query.
    """

    sql: str
    params: Mapping[str, Any]


class Query:
    """The predicate that is being made: it numbers the parameters, and knows the moment.

    Args:
        prefix: of the names of its parameters.
        now: the moment from which "the last 30 days" are counted; days are those of UTC.
        few: whether it will be asked of a few people only, see `member_of`.
        lists: only what is known of people on these mailing lists counts, for who may see no others; None for all.
    """

    def __init__(
        self, prefix: str, now: datetime, *, few: bool = False, lists: Collection[int] | None = None
    ) -> None:
        if not _PREFIX.fullmatch(prefix):
            raise ValueError(f"{prefix!r} cannot begin the name of a parameter")
        self.now = now
        self.params: dict[str, Any] = {}
        self.within: tuple[str, ...] = ()
        self._prefix = prefix
        self.few = few
        self.lists = None if lists is None else frozenset(lists)
        self.at_any = False
        """Whether a condition names no list or newsletter, so that which ones it looks at depends on who asks."""
        self._conditions = 0

    @property
    def today(self) -> date:
        """The day of now, in UTC."""
        return self.now.astimezone(UTC).date()

    def add(self, value: object) -> str:
        """Make the value a parameter; returns what stands for it in the SQL."""
        name = f"{self._prefix}{len(self.params)}"
        self.params[name] = value
        return f"%({name})s"

    def see(self, mailing_list: int, slug: str, place: str) -> None:
        """Told of every mailing list that a rule names, itself or by a newsletter.

        Raises:
            SegmentError: nothing of it may be told.
        """
        if self.lists is not None and mailing_list not in self.lists:
            raise SegmentError(
                "not_yours", place, f"the people of {slug} are not yours to see: name one of your own"
            )

    def count(self, place: str) -> None:
        """Told of every condition. Raises SegmentError where segments within segments make too many."""
        self._conditions += 1
        if self._conditions > MOST_CONDITIONS:
            raise SegmentError(
                "too_large",
                place,
                f"with the segments that it names, the rule has more than {MOST_CONDITIONS:,} conditions: "
                "keep one of them as a snapshot and name that",
            )

    def member_of(self, people: str) -> str:
        """Whether the subscriber is among others that a query names.

        The others become a string of bits, one for each number of a subscriber, which is made once a query and is
        then asked at the subscriber's own place. So it costs the same wherever it stands in a rule, under `any` and
        `none` too, where PostgreSQL would keep no set larger than its work_mem; and three million people are 375 kB.
        For a few people it is a look-up for each instead.

        Args:
            people: a SELECT with the column subscriber_id; the same one may come twice.
        """
        return f"{self.bit_of(people)} = 1"

    def bit_of(self, people: str) -> str:
        """The same as a number: 1 for a member, 0 for others."""
        if self.few:
            return (
                f"EXISTS (SELECT FROM ({people}) AS member WHERE member.subscriber_id = subscriber.id)::int"
            )
        return f"get_bit(({BITS.format(people=people)}), subscriber.id)"


BITS = """
SELECT string_agg(int8send(coalesce(word.bits, 0)), ''::bytea ORDER BY place.number)
FROM generate_series(0, (SELECT max(id) >> 6 FROM subscribers_subscriber)) AS place (number)
LEFT JOIN (
    SELECT subscriber_id >> 6 AS number, bit_or(1::bigint << ((subscriber_id & 63) # 56)::int) AS bits
    FROM (({people}) UNION ALL SELECT NULL::bigint WHERE false) AS member GROUP BY 1
) AS word USING (number)
"""
"""The bits of 64 subscribers are one bigint. get_bit counts bits from the right in each byte, and bytes from the left,
while a bigint is written with its highest byte first: `# 56` turns the bytes round.

The empty second half is for the planner. Of people it would expect as many groups as there are people, and sort them;
of a union it expects few, and counts in several processes."""
