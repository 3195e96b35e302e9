"""Finding subscribers by any part of their address and name.

Each word of the text has to be a part of the address, the first or the last name, in any case and with any accents. The
index names those who may be meant; whom it does not know yet are looked through beside it. Both are looked at again as
they are, so the answer is right at every moment.
"""

import re
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

from django.db import connection, transaction

from subscribers.search.grams import fold, folded, grams_of_word, is_short
from subscribers.search.rarest import rarest
from subscribers.text import one_line

MOST_WORDS = 8
"""Of a text; further ones are passed over."""
LONGEST_TEXT = 330
"""Characters that are looked at: an address and a little more."""
NEWEST = 5_000
"""Of the highest numbers so many are looked through first."""
AT_ONCE = 200
"""Rows that are fetched at once."""


@dataclass(frozen=True)
class Hit:
    """A subscriber who was found."""

    id: int
    email: str
    first_name: str
    last_name: str


@dataclass(frozen=True)
class Found:
    """Who was found: the exact address first, then those of whom something begins with the text, then the others.

    Attributes:
        more: there are more than were asked for.
        too_short: the text has nothing to look for: a single sign, say.
    """

    hits: tuple[Hit, ...] = ()
    more: bool = False
    too_short: bool = False

    @property
    def ids(self) -> list[int]:
        return [hit.id for hit in self.hits]


def find(
    text: str, limit: int, *, mailing_list_id: int | None = None, lists: Collection[int] | None = None
) -> Found:
    """Find subscribers, erased ones never.

    Args:
        limit: how many at most.
        mailing_list_id: only people of this list, whatever the state of their subscription.
        lists: the same of any of these lists; None: everybody.
    """
    only = lists if mailing_list_id is None else [mailing_list_id]
    text = one_line(text[:LONGEST_TEXT])
    words = fold(text).split()[:MOST_WORDS]
    if not words or not all(grams_of_word(word) for word in words):
        return Found(too_short=True)
    hits: dict[int, Hit] = {}
    with transaction.atomic(), closing(_in_order(text, words, limit, only)) as meant:
        for hit in meant:
            hits.setdefault(hit.id, hit)
            if len(hits) > limit:
                return Found(tuple(hits.values())[:limit], more=True)
    return Found(tuple(hits.values()))


Lists = Collection[int] | None
"""Numbers of mailing lists; None: people need be on none."""


def _in_order(text: str, words: list[str], limit: int, lists: Lists) -> Generator[Hit, None, None]:
    yield from (Hit(*row) for row in _rows("exact", _EXACT, {"text": text}, lists))
    begins, contains = _test(words, at_start=True), _test(words, at_start=False)
    first, others = _beside_the_index(words, limit, begins, contains, lists)
    indexed = _INDEXED if lists is None else _INDEXED_OF_LIST
    for is_meant, at_start, looked_at in ((begins, True, first), (contains, False, others)):
        yield from looked_at
        grams = set[int]().union(*(grams_of_word(word, at_start=at_start) for word in words))
        for row in _rows("indexed", indexed, {"grams": rarest(grams)}, lists):
            if is_meant(folded(*row[1:])):
                yield Hit(*row)


Test = Callable[[str], bool]
Row = tuple[int, str, str, str]


def _test(words: list[str], *, at_start: bool) -> Test:
    """Whether the words mean a folded text: each is a part of it, a short one where a word begins; `at_start`: all
    there."""
    starts = [re.compile(rf"(?<![^\W_]){re.escape(word)}") for word in words if at_start or is_short(word)]

    def is_meant(text: str) -> bool:
        return all(word in text for word in words) and all(start.search(text) for start in starts)

    return is_meant


def _beside_the_index(
    words: list[str], limit: int, begins: Test, contains: Test, lists: Lists
) -> tuple[list[Hit], list[Hit]]:
    """Those who are meant among the ones whom the index does not know as they are, and among the newest: where so many
    are meant that these are enough, the index would have to be read nearly whole. More than `limit` are not needed.

    Text in ASCII alone is what it is when folded; the rest is left to the tests.

    Returns: those of whom something begins with the words, and others.
    """
    patterns = [f"%{_escaped(word)}%" for word in words if word.isascii()]
    values = {"patterns": patterns, "ascii": len(patterns) == len(words), "newest": NEWEST}
    first: list[Hit] = []
    others: list[Hit] = []
    seen = set[int]()
    for row in _rows("beside", _BESIDE, values, lists):
        text = folded(*row[1:])
        # The newest may be among those whom the index does not know: they come twice, and count once.
        if row[0] in seen or not contains(text):
            continue
        seen.add(row[0])
        if begins(text):
            first.append(Hit(*row))
            if len(first) > limit:
                break
        elif len(others) <= limit:
            others.append(Hit(*row))
    return first, others


def _escaped(word: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", word)


_OF_LIST = """
AND (%(lists)s::bigint[] IS NULL OR EXISTS (
    SELECT 1 FROM subscribers_subscription subscription
    WHERE subscription.mailing_list_id = ANY(%(lists)s) AND subscription.subscriber_id = subscriber.id
    OFFSET 0  -- asked for each person who is left: without it all people of the lists would be read first
))
"""
_EXACT = f"""
SELECT subscriber.id, email, first_name, last_name FROM subscribers_subscriber subscriber
WHERE lower(email) = lower(%(text)s) AND erased_at IS NULL {_OF_LIST}
"""
_BESIDE = f"""
SELECT subscriber.id, email, first_name, last_name
FROM (
    SELECT max(id) - %(newest)s AS first_id, max(id) AS last_id FROM subscribers_subscriber
    UNION ALL SELECT first_id, last_id FROM subscribers_searchchange
) AS beside
JOIN subscribers_subscriber subscriber ON subscriber.id BETWEEN beside.first_id AND beside.last_id
CROSS JOIN LATERAL (SELECT concat_ws(' ', email, first_name, last_name) AS text) AS whole
WHERE erased_at IS NULL AND (
    octet_length(text) <> char_length(text)
    OR %(ascii)s AND lower(text COLLATE "C") LIKE ALL(%(patterns)s::text[])  -- ASCII alone: no need of a language's rules
) {_OF_LIST}
"""
# OFFSET 0 keeps the two apart: whoever the index names is looked up by number, one after the other, until there are
# enough. Joined as a whole, a word that half the people have would be read to its end first.
_INDEXED = """
SELECT subscriber.id, email, first_name, last_name
FROM (SELECT subscriber_id FROM subscribers_searchentry WHERE grams @> %(grams)s::int[] OFFSET 0) AS entry
CROSS JOIN LATERAL (
    SELECT id, email, first_name, last_name FROM subscribers_subscriber
    WHERE id = entry.subscriber_id AND erased_at IS NULL OFFSET 0
) AS subscriber
"""
# The planner chooses: a list may be so small that its people are looked at one by one.
_INDEXED_OF_LIST = """
SELECT subscriber.id, email, first_name, last_name
FROM subscribers_searchentry entry
JOIN subscribers_subscription subscription
    ON subscription.subscriber_id = entry.subscriber_id AND subscription.mailing_list_id = ANY(%(lists)s)
JOIN subscribers_subscriber subscriber ON subscriber.id = entry.subscriber_id AND subscriber.erased_at IS NULL
WHERE entry.grams @> %(grams)s::int[]
"""


def _rows(name: str, query: str, values: Mapping[str, object], lists: Lists) -> Iterator[Row]:
    """Read through a server-side cursor, so that no more is read than is needed."""
    connection.ensure_connection()
    with connection.connection.cursor(name=f"search_{name}") as cursor:
        cursor.itersize = AT_ONCE
        cursor.execute(query, {**values, "lists": None if lists is None else sorted(lists)})
        yield from cursor
