"""The merge of a chunk of a file into the store, set by set. The rule:

- Within the file, rows with the same address (without case) are one: of each field the last row that has a
  value counts, attributes key by key; the address is spelled, and the person came on the list, as in the first.
- Against the store, a value in the file replaces the store's, an empty one keeps it; topics are replaced as a
  whole where the file names a known one; attributes are merged key by key. The address stays as it is stored.
  A field may have another rule: `fill` takes the file's value only where the store had none before this import,
  `keep` only for people whom the store did not have.
- Who is not on the list yet comes on it as the file says, active where it says nothing, with a consent record. Who is
  on it stays as they are, because a file is no new consent, but for those of whom it says that they left or must get
  nothing: they leave. Suppressed addresses are stored, and stay suppressed.
- What would not change is not touched, so the same file imported again changes nothing.

The journal keeps what is needed to undo it, and whom the import has met: however a file is cut into chunks, the store
ends the same.
"""

from collections.abc import Mapping
from typing import Any

from subscribers.importing.chunks import Chunk
from subscribers.importing.fold import fold_repeated
from subscribers.importing.rules import named_keys, wanted_values
from subscribers.importing.status import BY_IMPORT, Standing

ONE_AT_A_TIME = 7_310_579_240_115_316_837
"""The advisory lock that imports take to merge a chunk: two that touched the same people in a different order would
wait for each other. Reading and checking files runs side by side."""

# The key is computed by the database, whose lower() is what holds addresses unique.
STAGE = """
CREATE TEMPORARY TABLE import_staged (
    line bigint NOT NULL, email text NOT NULL, key text NOT NULL GENERATED ALWAYS AS (lower(email)) STORED,
    first_name text NOT NULL, last_name text NOT NULL, language text NOT NULL, time_zone text NOT NULL,
    country text NOT NULL, topic_ids int[] NOT NULL, attributes jsonb NOT NULL,
    standing smallint NOT NULL, signed_up timestamptz, consent jsonb
) ON COMMIT DROP
"""

COPY = """
COPY import_staged (
    line, email, first_name, last_name, language, time_zone, country, topic_ids, attributes, standing, signed_up, consent
) FROM STDIN
"""

LEAVING = f"""
CREATE TEMPORARY TABLE import_leaving ON COMMIT DROP AS
SELECT DISTINCT ON (key) key, line, standing, consent FROM import_staged
WHERE standing >= {Standing.UNSUBSCRIBED:d} ORDER BY key, line
"""

# New people get their number here, so that nothing has to be read back from the insertions. Of known people all that a
# merge looks at is read here, and where their row is.
MATCH = """
CREATE TEMPORARY TABLE import_incoming ON COMMIT DROP AS
SELECT coalesce(subscriber.id, nextval(pg_get_serial_sequence('subscribers_subscriber', 'id'))) AS id,
    subscriber.id IS NULL AS is_new, subscriber.ctid AS place,
    subscriber.first_name AS known_first_name, subscriber.last_name AS known_last_name,
    subscriber.language AS known_language, subscriber.time_zone AS known_time_zone,
    subscriber.country AS known_country, subscriber.topic_ids AS known_topic_ids,
    subscriber.attributes AS known_attributes,
    met.subscriber_id IS NOT NULL AS is_met, coalesce(met.is_new, false) AS was_new, met.former AS met_former,
    subscription.id IS NOT NULL AS is_on_list, staged.*
FROM import_staged staged
LEFT JOIN subscribers_subscriber subscriber ON lower(subscriber.email) = staged.key
LEFT JOIN LATERAL (
    SELECT subscriber_id, is_new, former FROM subscribers_importedrow
    WHERE imported_by_id = %(import)s AND subscriber_id = subscriber.id OFFSET 0
) met ON true
LEFT JOIN LATERAL (
    SELECT id FROM subscribers_subscription
    WHERE mailing_list_id = %(mailing_list)s AND subscriber_id = subscriber.id OFFSET 0
) subscription ON true
"""

# A chunk costs the same however large the store is: each row finds its person through the index, no scan of everybody,
# and (LATERAL) its rows in the journal and on the list, of which the planner knows nothing yet.
THROUGH_INDEXES = (
    "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off"
)
AS_PLANNED = "SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on; SET LOCAL enable_seqscan = on"

INSERT_NEW = """
INSERT INTO subscribers_subscriber
    (id, email, first_name, last_name, language, time_zone, country, topic_ids, attributes)
SELECT id, email, first_name, last_name, language, time_zone, country, topic_ids, attributes
FROM import_incoming WHERE is_new
"""

CHANGES = """
CREATE TEMPORARY TABLE import_changes ON COMMIT DROP AS
SELECT person.id, person.place, wanted.*,
    jsonb_strip_nulls(jsonb_build_object(
        'first_name', CASE WHEN wanted.first_name <> known_first_name THEN known_first_name END,
        'last_name', CASE WHEN wanted.last_name <> known_last_name THEN known_last_name END,
        'language', CASE WHEN wanted.language <> known_language THEN known_language END,
        'time_zone', CASE WHEN wanted.time_zone <> known_time_zone THEN known_time_zone END,
        'country', CASE WHEN wanted.country <> known_country THEN known_country END,
        'topic_ids', CASE WHEN wanted.topic_ids <> known_topic_ids THEN to_jsonb(known_topic_ids) END
    )) || CASE WHEN wanted.attributes <> known_attributes
        THEN jsonb_build_object('attributes', known_attributes) ELSE '{{}}' END AS former
FROM import_incoming person CROSS JOIN LATERAL (SELECT {wanted} OFFSET 0) wanted
WHERE NOT person.is_new AND (
    wanted.first_name <> known_first_name OR wanted.last_name <> known_last_name
    OR wanted.language <> known_language OR wanted.time_zone <> known_time_zone
    OR wanted.country <> known_country OR wanted.topic_ids <> known_topic_ids
    OR wanted.attributes <> known_attributes
)
ORDER BY person.place
"""

# A row that is in another place by now was changed since the match: then it is not updated, and the chunk is merged anew.
UPDATE_KNOWN = """
UPDATE subscribers_subscriber known SET
    first_name = wanted.first_name, last_name = wanted.last_name, language = wanted.language,
    time_zone = wanted.time_zone, country = wanted.country, topic_ids = wanted.topic_ids,
    attributes = wanted.attributes, changed_at = statement_timestamp()
FROM import_changes wanted WHERE known.ctid = wanted.place AND known.id = wanted.id
"""

_STATE = "CASE standing WHEN 0 THEN 'active' WHEN 1 THEN 'pending' ELSE 'unsubscribed' END"
_STANDING = "(ARRAY[NULL, {}])[standing + 1]".format(
    ", ".join(f"'{each.name.lower()}'" for each in Standing if each)
)
_PROOF = f"""
CASE WHEN standing = 0 AND signed_up IS NULL AND consent IS NULL
    THEN jsonb_build_object('import', %(import)s::bigint, 'line', line)
    ELSE coalesce(consent, '{{}}') || jsonb_strip_nulls(jsonb_build_object(
        'import', %(import)s::bigint, 'line', line, 'status', {_STANDING}, 'signed_up_at', signed_up))
END
"""

SUBSCRIBE_NEW = f"""
INSERT INTO subscribers_subscription (subscriber_id, mailing_list_id, state, source, created_at)
SELECT id, %(mailing_list)s, {_STATE}, %(source)s, coalesce(signed_up, now())
FROM import_incoming WHERE is_new
"""

CONSENT_NEW = f"""
INSERT INTO subscribers_consent (subscriber_id, mailing_list_id, action, source, detail)
SELECT id, %(mailing_list)s, 'imported', %(source)s, {_PROOF}
FROM import_incoming WHERE is_new
"""

SUBSCRIBE_KNOWN = f"""
WITH subscribed AS (
    INSERT INTO subscribers_subscription (subscriber_id, mailing_list_id, state, source, created_at)
    SELECT id, %(mailing_list)s, {_STATE}, %(source)s, coalesce(signed_up, now()) FROM import_incoming incoming
    WHERE NOT is_new AND NOT is_on_list
    RETURNING subscriber_id
), consented AS (
    INSERT INTO subscribers_consent (subscriber_id, mailing_list_id, action, source, detail)
    SELECT id, %(mailing_list)s, 'imported', %(source)s, {_PROOF}
    FROM subscribed JOIN import_incoming ON id = subscriber_id AND NOT is_new
    RETURNING subscriber_id
)
INSERT INTO import_joined SELECT subscriber_id FROM consented
"""

LEAVE = f"""
WITH leaving AS (
    SELECT incoming.id, leaving.line, leaving.standing, leaving.consent, NULL::timestamptz AS signed_up
    FROM import_leaving leaving JOIN import_incoming incoming USING (key)
    WHERE incoming.is_on_list OR incoming.standing < {Standing.UNSUBSCRIBED:d}
), ending AS (
    SELECT subscription.id, subscription.subscriber_id, subscription.state
    FROM subscribers_subscription subscription JOIN leaving ON leaving.id = subscription.subscriber_id
    WHERE subscription.mailing_list_id = %(mailing_list)s AND subscription.state <> 'unsubscribed'
    ORDER BY subscription.id FOR NO KEY UPDATE OF subscription
), ended AS (
    UPDATE subscribers_subscription subscription SET state = 'unsubscribed', changed_at = statement_timestamp()
    FROM ending WHERE subscription.id = ending.id
    RETURNING ending.subscriber_id, ending.state
), consented AS (
    INSERT INTO subscribers_consent (subscriber_id, mailing_list_id, action, source, detail)
    SELECT leaving.id, %(mailing_list)s, 'left', %(source)s, {_PROOF}
    FROM ended JOIN leaving ON leaving.id = ended.subscriber_id
)
INSERT INTO import_left SELECT subscriber_id, state FROM ended
"""

SUPPRESS = f"""
WITH suppressed AS (
    INSERT INTO subscribers_suppression (address, reason, detail)
    SELECT DISTINCT key, {_STANDING}, %(suppressed)s FROM import_staged_standing
    ON CONFLICT DO NOTHING
    RETURNING address
)
INSERT INTO import_suppressed
SELECT DISTINCT incoming.id FROM suppressed JOIN import_incoming incoming ON incoming.key = suppressed.address
"""

STANDINGS = f"""
CREATE TEMPORARY TABLE import_staged_standing ON COMMIT DROP AS
SELECT DISTINCT key, standing FROM import_staged WHERE standing > {Standing.UNSUBSCRIBED:d}
"""

JOURNAL = """
INSERT INTO subscribers_importedrow
    (imported_by_id, subscriber_id, is_new, subscribed, suppressed, former_state, former, at)
SELECT %(import)s, incoming.id, incoming.is_new, incoming.is_new OR joined.id IS NOT NULL,
    suppressed.id IS NOT NULL, CASE WHEN joined.id IS NULL AND NOT incoming.is_new THEN gone.state END,
    changes.former, statement_timestamp()
FROM import_incoming incoming
LEFT JOIN import_joined joined USING (id) LEFT JOIN import_left gone USING (id)
LEFT JOIN import_suppressed suppressed USING (id) LEFT JOIN import_changes changes USING (id)
WHERE NOT incoming.is_met
ORDER BY incoming.id
"""

JOURNAL_AGAIN = """
UPDATE subscribers_importedrow journal SET
    subscribed = journal.subscribed OR joined.id IS NOT NULL,
    suppressed = journal.suppressed OR suppressed.id IS NOT NULL,
    former_state = CASE WHEN NOT journal.subscribed THEN coalesce(journal.former_state, gone.state) END,
    former = CASE WHEN NOT journal.is_new THEN
        coalesce(changes.former || coalesce(journal.former, '{}'), journal.former) END,
    at = statement_timestamp()
FROM import_incoming incoming
LEFT JOIN import_joined joined USING (id) LEFT JOIN import_left gone USING (id)
LEFT JOIN import_suppressed suppressed USING (id) LEFT JOIN import_changes changes USING (id)
WHERE journal.imported_by_id = %(import)s AND journal.subscriber_id = incoming.id AND incoming.is_met
    AND (joined.id IS NOT NULL OR gone.id IS NOT NULL OR suppressed.id IS NOT NULL OR changes.id IS NOT NULL)
"""

TABLES = """
CREATE TEMPORARY TABLE import_joined (id bigint) ON COMMIT DROP;
CREATE TEMPORARY TABLE import_left (id bigint, state text) ON COMMIT DROP;
CREATE TEMPORARY TABLE import_suppressed (id bigint) ON COMMIT DROP
"""

DROP = """
DROP TABLE IF EXISTS import_staged, import_leaving, import_staged_standing, import_repeated, import_incoming,
    import_changes, import_joined, import_left, import_suppressed
"""


class Overtaken(Exception):
    """Somebody else changed what a chunk changes, in the middle of it."""


def merge(
    cursor: Any, chunk: Chunk, *, import_id: int, mailing_list_id: int, source: str, rules: Mapping[str, str]
) -> None:
    """Merge a chunk into the store, by the rule above. In a transaction of its own.

    Waits while another import merges. Where somebody signs up, or changes something, between the match and the writing,
    an error says so; then the transaction is to be rolled back, and the chunk can be merged anew.

    Args:
        source: where the people come from, for subscriptions and consent records: the file's name.
        rules: by field, see mapping.read_rules.
    Raises:
        Overtaken, IntegrityError, OperationalError: see above.
    """
    values = {
        "import": import_id,
        "mailing_list": mailing_list_id,
        "source": source,
        "suppressed": suppressed_by(import_id, source),
    }
    cursor.execute("SET LOCAL work_mem = '64MB'")
    cursor.execute(STAGE)
    with cursor.copy(COPY) as copy:
        copy.write(chunk.staged)
    if chunk.leaving:
        cursor.execute(LEAVING)
        cursor.execute(STANDINGS)
    fold_repeated(cursor)
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    cursor.execute(THROUGH_INDEXES)
    cursor.execute(MATCH, values)
    people = cursor.rowcount
    cursor.execute(AS_PLANNED)
    cursor.execute(TABLES)
    cursor.execute(INSERT_NEW)
    if cursor.rowcount:
        cursor.execute(SUBSCRIBE_NEW, values)
        cursor.execute(CONSENT_NEW, values)
    cursor.execute(CHANGES.format(wanted=wanted_values(rules)), named_keys(rules))
    if changes := cursor.rowcount:
        cursor.execute(THROUGH_INDEXES)
        cursor.execute(UPDATE_KNOWN)
        if cursor.rowcount != changes:
            raise Overtaken
        cursor.execute(AS_PLANNED)
    cursor.execute(SUBSCRIBE_KNOWN, values)
    if chunk.leaving:
        cursor.execute(LEAVE, values)
        cursor.execute(SUPPRESS, values)
    cursor.execute(JOURNAL, values)
    if cursor.rowcount < people:
        cursor.execute(JOURNAL_AGAIN, values)
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute(DROP)


def suppressed_by(import_id: int, source: str) -> str:
    """What a suppression says that an import made."""
    return f"{BY_IMPORT}{import_id}: {source}"
