"""The merge of a file into the store, set by set. The rule:

- Within the file, rows with the same address (without case) are one: of each field the last row that has a
  value counts, attributes key by key.
- Against the store, a value in the file replaces the store's, an empty one keeps it; topics are replaced as a
  whole where the file names a known one; attributes are merged key by key. The address stays as it is stored.
- Who is not on the list yet becomes active on it, with a consent record. Who is on it stays as they are: an
  unsubscribed one unsubscribed, because a file is no new consent; a pending one pending, because only the
  person can confirm; a paused one paused. Suppressed addresses are stored, and stay suppressed.
- What would not change is not touched, so the same file imported again changes nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from subscribers.importing.rows import Record

ROWS_AT_ONCE = 500
ONE_AT_A_TIME = 7_310_579_240_115_316_837
"""The advisory lock that imports take to merge: two that touched the same people in a different order would
wait for each other. Reading and checking files runs side by side."""

# The key is computed by the database, whose lower() is what holds addresses unique.
STAGE = """
CREATE TEMPORARY TABLE import_staged (
    line bigint NOT NULL, email text NOT NULL, key text NOT NULL GENERATED ALWAYS AS (lower(email)) STORED,
    first_name text NOT NULL, last_name text NOT NULL, language text NOT NULL, time_zone text NOT NULL,
    country text NOT NULL, topic_ids int[] NOT NULL, attributes jsonb NOT NULL
) ON COMMIT DROP
"""

COPY = """
COPY import_staged (line, email, first_name, last_name, language, time_zone, country, topic_ids, attributes)
FROM STDIN
"""

REPEATED = """
CREATE TEMPORARY TABLE import_repeated ON COMMIT DROP AS
SELECT key, max(line) AS line FROM import_staged GROUP BY key HAVING count(*) > 1
"""

# The last value of a field is the greatest of line number and value put together: no sort, and constant
# memory however often an address is repeated.
_LAST = """
coalesce(substr(max(lpad(line::text, 12, '0') || {field}::text COLLATE "C")
    FILTER (WHERE {field} <> '{empty}'), 13), '{empty}')
"""
FOLD_REPEATED = f"""
UPDATE import_staged SET
    first_name = folded.first_name, last_name = folded.last_name, language = folded.language,
    time_zone = folded.time_zone, country = folded.country, topic_ids = folded.topic_ids::int[],
    attributes = coalesce(folded_attributes.attributes, '{{}}')
FROM import_repeated
JOIN (
    SELECT key,
        {_LAST.format(field="first_name", empty="")} AS first_name,
        {_LAST.format(field="last_name", empty="")} AS last_name,
        {_LAST.format(field="language", empty="")} AS language,
        {_LAST.format(field="time_zone", empty="")} AS time_zone,
        {_LAST.format(field="country", empty="")} AS country,
        {_LAST.format(field="topic_ids", empty="{}")} AS topic_ids
    FROM import_staged WHERE key IN (SELECT key FROM import_repeated) GROUP BY key
) folded USING (key)
LEFT JOIN (
    SELECT staged.key, jsonb_object_agg(pair.key, pair.value ORDER BY staged.line) AS attributes
    FROM import_staged staged, jsonb_each(staged.attributes) pair
    WHERE staged.key IN (SELECT key FROM import_repeated) GROUP BY staged.key
) folded_attributes USING (key)
WHERE import_staged.line = import_repeated.line
"""

DROP_REPEATED = """
DELETE FROM import_staged USING import_repeated
WHERE import_staged.key = import_repeated.key AND import_staged.line <> import_repeated.line
"""

# New people get their number here, so that nothing has to be read back from the insertions.
MATCH = """
CREATE TEMPORARY TABLE import_incoming ON COMMIT DROP AS
SELECT coalesce(subscriber.id, nextval(pg_get_serial_sequence('subscribers_subscriber', 'id'))) AS id,
    subscriber.id IS NULL AS is_new, staged.*
FROM import_staged staged
LEFT JOIN subscribers_subscriber subscriber ON lower(subscriber.email) = staged.key
"""

# However wrong the planner is about how many are known, it has a fast way to each of them.
INDEX_KNOWN = "CREATE INDEX ON import_incoming (id) WHERE NOT is_new"

INSERT_NEW = """
INSERT INTO subscribers_subscriber
    (id, email, first_name, last_name, language, time_zone, country, topic_ids, attributes)
SELECT id, email, first_name, last_name, language, time_zone, country, topic_ids, attributes
FROM import_incoming WHERE is_new
ON CONFLICT DO NOTHING
"""

# Somebody signed up between the match and the insertion.
MATCH_OVERTAKEN = """
UPDATE import_incoming SET id = subscriber.id, is_new = false
FROM subscribers_subscriber subscriber
WHERE import_incoming.is_new AND lower(subscriber.email) = import_incoming.key
    AND subscriber.id <> import_incoming.id
"""

UPDATE_KNOWN = """
WITH updated AS (
    UPDATE subscribers_subscriber known SET
        first_name = coalesce(nullif(incoming.first_name, ''), known.first_name),
        last_name = coalesce(nullif(incoming.last_name, ''), known.last_name),
        language = coalesce(nullif(incoming.language, ''), known.language),
        time_zone = coalesce(nullif(incoming.time_zone, ''), known.time_zone),
        country = coalesce(nullif(incoming.country, ''), known.country),
        topic_ids = coalesce(nullif(incoming.topic_ids, '{}'), known.topic_ids),
        attributes = known.attributes || incoming.attributes,
        changed_at = now()
    FROM import_incoming incoming
    WHERE known.id = incoming.id AND NOT incoming.is_new AND (
        incoming.first_name NOT IN ('', known.first_name)
        OR incoming.last_name NOT IN ('', known.last_name)
        OR incoming.language NOT IN ('', known.language)
        OR incoming.time_zone NOT IN ('', known.time_zone)
        OR incoming.country NOT IN ('', known.country)
        OR incoming.topic_ids <> '{}'
            AND NOT (incoming.topic_ids @> known.topic_ids AND incoming.topic_ids <@ known.topic_ids)
        OR known.attributes || incoming.attributes <> known.attributes
    )
    RETURNING known.id
)
INSERT INTO import_touched SELECT id FROM updated
"""

SUBSCRIBE_NEW = """
INSERT INTO subscribers_subscription (subscriber_id, mailing_list_id, state, source)
SELECT id, %(mailing_list)s, 'active', %(source)s FROM import_incoming WHERE is_new
"""

CONSENT_NEW = """
INSERT INTO subscribers_consent (subscriber_id, mailing_list_id, action, source, detail)
SELECT id, %(mailing_list)s, 'imported', %(source)s, jsonb_build_object('line', line)
FROM import_incoming WHERE is_new
"""

SUBSCRIBE_KNOWN = """
WITH subscribed AS (
    INSERT INTO subscribers_subscription (subscriber_id, mailing_list_id, state, source)
    SELECT id, %(mailing_list)s, 'active', %(source)s FROM import_incoming incoming
    WHERE NOT is_new AND NOT EXISTS (
        SELECT FROM subscribers_subscription known
        WHERE known.mailing_list_id = %(mailing_list)s AND known.subscriber_id = incoming.id
    )
    ON CONFLICT (mailing_list_id, subscriber_id) DO NOTHING
    RETURNING subscriber_id
), consented AS (
    INSERT INTO subscribers_consent (subscriber_id, mailing_list_id, action, source, detail)
    SELECT id, %(mailing_list)s, 'imported', %(source)s, jsonb_build_object('line', line)
    FROM subscribed JOIN import_incoming ON id = subscriber_id AND NOT is_new
    RETURNING subscriber_id
)
INSERT INTO import_joined SELECT subscriber_id FROM consented
"""

COUNT = """
SELECT
    (SELECT count(*) FROM (SELECT id FROM import_touched UNION SELECT id FROM import_joined) changed),
    (SELECT count(*) FROM import_incoming WHERE key IN (SELECT address FROM subscribers_suppression)),
    count(*) FILTER (WHERE state = 'unsubscribed'),
    count(*) FILTER (WHERE state = 'pending')
FROM subscribers_subscription subscription
JOIN import_incoming incoming ON incoming.id = subscriber_id AND NOT incoming.is_new
WHERE mailing_list_id = %(mailing_list)s
"""

DROP = "DROP TABLE import_staged, import_repeated, import_incoming, import_touched, import_joined"


@dataclass(frozen=True)
class Merged:
    """What the merge did with the staged rows: rows = new + changed + unchanged + repeated.

    Attributes:
        new: subscribers that the store did not have.
        changed: known ones of whom a field changed, or who came on the list.
        repeated: rows whose address stands in a later row too.
        subscribed: people who came on the list.
        unsubscribed, pending: people of the file who are that on the list, and stay so.
        suppressed: people of the file whose address is suppressed.
    """

    new: int
    changed: int
    unchanged: int
    repeated: int
    subscribed: int
    unsubscribed: int
    pending: int
    suppressed: int


@contextmanager
def staged_rows(cursor: Any) -> Iterator[Callable[[int, Record], None]]:
    """Stream records into a temporary table through COPY; what is given takes a line's number and its record.

    Args:
        cursor: of Django's connection, in a transaction: at its end the table is gone.
    """
    cursor.execute(STAGE)
    lines: list[str] = []
    with cursor.copy(COPY) as copy:

        def add(line: int, record: Record) -> None:
            attributes = orjson.dumps(record.attributes).decode() if record.attributes else "{}"
            row = (
                f"{line}\t{record.email}\t{record.first_name}\t{record.last_name}\t{record.language}\t"
                f"{record.time_zone}\t{record.country}\t{_array(record.topic_ids)}\t{attributes}\n"
            )
            # Clean values hold no tabs and line breaks; a backslash is the one character left to escape.
            lines.append(row.replace("\\", "\\\\") if "\\" in row else row)
            if len(lines) == ROWS_AT_ONCE:
                copy.write("".join(lines))
                lines.clear()

        yield add
        copy.write("".join(lines))


def merge(cursor: Any, mailing_list_id: int, source: str) -> Merged:
    """Merge what was staged on this connection into the store, by the rule above.

    Waits while another import merges; waits for nobody while it holds rows that others need. The foreign
    keys are checked before it returns.

    Args:
        source: where the people come from, for subscriptions and consent records: the file's name.
    """
    values = {"mailing_list": mailing_list_id, "source": source}
    cursor.execute("SET LOCAL work_mem = '128MB'")
    cursor.execute("ANALYZE import_staged")
    cursor.execute(REPEATED)
    cursor.execute("SELECT count(*) FROM import_repeated")
    repeated = 0
    if cursor.fetchone()[0]:
        cursor.execute("ANALYZE import_repeated")
        cursor.execute(FOLD_REPEATED)
        cursor.execute(DROP_REPEATED)
        repeated = cursor.rowcount
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    cursor.execute(MATCH)
    people = cursor.rowcount
    cursor.execute(INDEX_KNOWN)
    cursor.execute("ANALYZE import_incoming")
    cursor.execute("CREATE TEMPORARY TABLE import_touched (id bigint) ON COMMIT DROP")
    cursor.execute("CREATE TEMPORARY TABLE import_joined (id bigint) ON COMMIT DROP")
    new = _add_new(cursor, values)
    cursor.execute(UPDATE_KNOWN)
    cursor.execute(SUBSCRIBE_KNOWN, values)
    joined = cursor.rowcount
    if new or joined:
        # What is asked next, the plan of a send perhaps, would be planned for the tables as they were.
        cursor.execute("ANALYZE subscribers_subscriber, subscribers_subscription")
    cursor.execute(COUNT, values)
    changed, suppressed, unsubscribed, pending = cursor.fetchone()
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute(DROP)
    return Merged(
        new=new,
        changed=changed,
        unchanged=people - new - changed,
        repeated=repeated,
        subscribed=new + joined,
        unsubscribed=unsubscribed,
        pending=pending,
        suppressed=suppressed,
    )


def _add_new(cursor: Any, values: dict[str, Any]) -> int:
    """Add the people that the store does not have, subscribed and with their consent. Returns how many."""
    cursor.execute(INSERT_NEW)
    inserted = int(cursor.rowcount)
    cursor.execute("SELECT count(*) FROM import_incoming WHERE is_new")
    if cursor.fetchone()[0] != inserted:
        cursor.execute(MATCH_OVERTAKEN)
    cursor.execute(SUBSCRIBE_NEW, values)
    cursor.execute(CONSENT_NEW, values)
    return inserted


@lru_cache(maxsize=4096)
def _array(numbers: tuple[int, ...]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"
