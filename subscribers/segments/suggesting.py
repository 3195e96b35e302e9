"""Values that people have, to be suggested where one is entered.

They are read from a sample, so that it costs the same with a million people: some of the people from places all over
the store, or all over the lists that somebody may see. A value that few have may be missing; it can still be typed.
"""

from dataclasses import dataclass
from typing import Any

from subscribers.segments.counting import large_query
from subscribers.segments.errors import SegmentError
from subscribers.segments.faces import Lists
from subscribers.segments.reading import UNSTORABLE

PLACES, AT_EACH = 20, 250
"""People of the sample: so many from each of so many places in the order of their numbers."""
MOST = 20
"""Values that are suggested."""
LONGEST = 100
"""Characters of a value that is suggested."""
SECONDS = 1.0
"""After which nothing is suggested."""

_STEPS = """
    SELECT number, max.id / {places} + 1 AS step
    FROM (SELECT coalesce(max(id), 0) AS id FROM subscribers_subscriber) AS max, generate_series(0, {last}) AS number
"""
_EVERYBODY = """
SELECT sampled.* FROM place CROSS JOIN LATERAL (
    SELECT id, email, language, attributes FROM subscribers_subscriber
    WHERE id > number * step AND id <= (number + 1) * step AND erased_at IS NULL ORDER BY id LIMIT {each}
) AS sampled
"""
_OF_LISTS = """
SELECT id, email, language, attributes FROM subscribers_subscriber
WHERE erased_at IS NULL AND id IN (
    SELECT sampled.subscriber_id FROM place CROSS JOIN unnest(%(lists)s::bigint[]) AS list CROSS JOIN LATERAL (
        SELECT subscriber_id FROM subscribers_subscription
        WHERE mailing_list_id = list AND subscriber_id > number * step AND subscriber_id <= (number + 1) * step
        ORDER BY subscriber_id LIMIT {each}
    ) AS sampled
)
"""
_VALUES = {
    "domain": "SELECT lower(split_part(person.email, '@', -1)) AS value FROM person",
    "language": "SELECT person.language AS value FROM person",
    "source": """SELECT subscription.source AS value FROM person
        JOIN subscribers_subscription subscription ON subscription.subscriber_id = person.id
        WHERE %(lists)s::bigint[] IS NULL OR subscription.mailing_list_id = ANY(%(lists)s::bigint[])""",
    "attributes": "SELECT jsonb_object_keys(person.attributes) AS value FROM person",
    "attribute": """SELECT item.value FROM person CROSS JOIN LATERAL (
        SELECT jsonb_array_elements_text(held) FROM (SELECT person.attributes -> %(name)s::text AS held) AS of
        WHERE jsonb_typeof(held) = 'array'
        UNION ALL SELECT held #>> '{}' FROM (SELECT person.attributes -> %(name)s::text AS held) AS of
        WHERE jsonb_typeof(held) IN ('string', 'number')
    ) AS item (value)""",
}
"""By what is suggested: a SELECT of its values among the people of the sample."""
_TYPE = """
SELECT key, (array_agg(type ORDER BY people DESC))[1] FROM (
    SELECT key, count(*) AS people, CASE jsonb_typeof(value)
        WHEN 'number' THEN 'number' WHEN 'boolean' THEN 'yes_no' WHEN 'array' THEN 'list'
        WHEN 'string' THEN CASE WHEN value #>> '{}' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]|$)' THEN 'date' ELSE 'text' END
        END AS type
    FROM person CROSS JOIN jsonb_each(person.attributes) AS held GROUP BY 1, 3
) AS found WHERE type IS NOT NULL GROUP BY key ORDER BY sum(people) DESC, key LIMIT %(most)s
"""
MOST_ATTRIBUTES = 100


@dataclass(frozen=True)
class Attribute:
    """An attribute that people have, and of which type its values mostly are."""

    name: str
    type: str


def suggest(what: str, text: str, *, name: str = "", lists: Lists = None) -> list[str]:
    """Values of people that hold a text, the most frequent ones first; [] where that takes too long.

    Args:
        what: of _VALUES; anything else has none.
        text: what was typed so far.
        name: of the attribute.
        lists: only of people on these mailing lists.
    """
    if what not in _VALUES:
        return []
    values = {"text": text[:LONGEST], "name": name, "longest": LONGEST}
    rows = _read(
        f"""SELECT value FROM ({_VALUES[what]}) AS found
        WHERE value <> '' AND length(value) <= %(longest)s AND strpos(lower(value), lower(%(text)s::text)) > 0
        GROUP BY value ORDER BY count(*) DESC, value LIMIT {MOST}""",
        values,
        lists,
    )
    return [value for (value,) in rows]


def attributes(lists: Lists = None) -> list[Attribute]:
    """The attributes that people have, the most frequent ones first."""
    return [Attribute(*row) for row in _read(_TYPE, {"most": MOST_ATTRIBUTES}, lists)]


def _read(query: str, values: dict[str, Any], lists: Lists) -> list[tuple[Any, ...]]:
    place = _STEPS.format(places=PLACES, last=PLACES - 1)
    people = (_EVERYBODY if lists is None else _OF_LISTS).format(each=AT_EACH)
    listed = None if lists is None else sorted(lists)
    if any(UNSTORABLE.search(value) for value in values.values() if isinstance(value, str)):
        return []
    try:
        with large_query(SECONDS) as cursor:
            cursor.execute(
                f"WITH place AS MATERIALIZED ({place}), person AS MATERIALIZED ({people}) {query}",
                {**values, "lists": listed},
            )
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows
    except SegmentError:
        return []
