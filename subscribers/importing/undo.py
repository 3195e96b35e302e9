"""Undoing an import: the store as it was before, as far as nobody has built on it since.

People whom the import made are deleted, with the subscription that it made; what the record of consent says of them
stays, as it does of everybody, and names nobody. Changed values go back to what they were; subscriptions that it made
for others go, those that it ended come back. What somebody changed since is left as it is, and counted. It is done chunk
by chunk; killed in the middle, it is gone on with by undoing again.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import ManyToOneRel
from django.db.models.functions import Now

from subscribers.importing.errors import CannotImport
from subscribers.importing.lock import held
from subscribers.importing.merge import ONE_AT_A_TIME, suppressed_by
from subscribers.importing.sent import was_sent
from subscribers.models import (
    Consent,
    Import,
    ImportedRow,
    ImportState,
    SearchEntry,
    Subscriber,
    Subscription,
)

log = structlog.get_logger()

ROWS = 5_000
"""In a chunk. Nobody can sign up or leave while one is undone."""
OWN = (Subscription, Consent, ImportedRow, SearchEntry)
"""What is looked after here, of all that points to subscribers."""

TOUCHED = """
CREATE TEMPORARY TABLE undo_touched ON COMMIT DROP AS
SELECT subscriber_id FROM subscribers_importedrow
WHERE imported_by_id = %s AND (subscribed OR suppressed OR former IS NOT NULL OR former_state IS NOT NULL)
"""

# Whoever writes subscriptions or consents meanwhile waits, and finds out that the person is gone.
LOCK = "LOCK TABLE subscribers_subscription, subscribers_consent IN SHARE ROW EXCLUSIVE MODE"

TAKE = """
CREATE TEMPORARY TABLE undo_row ON COMMIT DROP AS
SELECT journal.*, subscriber.changed_at > journal.at AS is_changed, false AS is_kept,
    subscription.id AS subscription_id, coalesce(subscription.changed_at > journal.at, true) AS is_resubscribed
FROM (SELECT * FROM subscribers_importedrow WHERE imported_by_id = %(import)s ORDER BY subscriber_id LIMIT %(rows)s)
    journal
JOIN subscribers_subscriber subscriber ON subscriber.id = journal.subscriber_id
LEFT JOIN subscribers_subscription subscription
    ON subscription.subscriber_id = journal.subscriber_id AND subscription.mailing_list_id = %(mailing_list)s
FOR UPDATE OF subscriber
"""

KEEP_SENT = """
UPDATE undo_row SET is_kept = true, is_changed = true, is_resubscribed = true WHERE subscriber_id = ANY(%(sent)s)
"""

# New people stay when anything but this import knows of them.
KEEP_NEW = """
UPDATE undo_row SET is_kept = true WHERE is_new AND (
    is_changed OR (subscription_id IS NOT NULL AND is_resubscribed)
    OR EXISTS (
        SELECT FROM subscribers_subscription other
        WHERE other.subscriber_id = undo_row.subscriber_id AND other.id IS DISTINCT FROM undo_row.subscription_id
    )
    OR EXISTS (
        SELECT FROM subscribers_consent consent WHERE consent.subscriber_id = undo_row.subscriber_id
            AND (action NOT IN ('imported', 'left') OR detail -> 'import' IS DISTINCT FROM to_jsonb(%(import)s::bigint))
    )
    OR EXISTS (
        SELECT FROM subscribers_import other
        JOIN subscribers_importedrow met
            ON met.imported_by_id = other.id AND met.subscriber_id = undo_row.subscriber_id
        WHERE other.id <> %(import)s
    )
    {others}
)
"""

RESTORE = """
UPDATE subscribers_subscriber known SET
    first_name = coalesce(former ->> 'first_name', first_name),
    last_name = coalesce(former ->> 'last_name', last_name),
    language = coalesce(former ->> 'language', language),
    time_zone = coalesce(former ->> 'time_zone', time_zone),
    country = coalesce(former ->> 'country', country),
    topic_ids = CASE WHEN former ? 'topic_ids'
        THEN ARRAY(SELECT jsonb_array_elements_text(former -> 'topic_ids')::int) ELSE topic_ids END,
    attributes = coalesce(former -> 'attributes', attributes),
    changed_at = statement_timestamp()
FROM undo_row WHERE known.id = undo_row.subscriber_id AND former IS NOT NULL AND NOT is_changed
"""

_RECORD = """
INSERT INTO subscribers_consent (subscriber_id, mailing_list_id, action, source, detail)
SELECT subscriber_id, %(mailing_list)s, 'changed', %(source)s, jsonb_build_object('undone_import', %(import)s::bigint)
"""

UNSUBSCRIBE = f"""
WITH gone AS (
    DELETE FROM subscribers_subscription subscription USING undo_row
    WHERE subscription.id = undo_row.subscription_id AND subscribed AND NOT is_new AND NOT is_resubscribed
    RETURNING subscription.subscriber_id
)
{_RECORD} FROM gone
"""

RETURN = f"""
WITH returned AS (
    UPDATE subscribers_subscription subscription SET state = former_state, changed_at = statement_timestamp()
    FROM undo_row WHERE subscription.id = undo_row.subscription_id AND former_state IS NOT NULL
        AND NOT is_resubscribed AND state = 'unsubscribed'
    RETURNING subscription.subscriber_id
)
{_RECORD} FROM returned
"""

# Nobody takes back a complaint.
UNSUPPRESS = """
DELETE FROM subscribers_suppression suppression USING undo_row, subscribers_subscriber subscriber
WHERE undo_row.suppressed AND subscriber.id = undo_row.subscriber_id AND suppression.address = lower(subscriber.email)
    AND suppression.detail = %(suppressed)s AND suppression.reason <> 'complaint'
"""

_GOING = "SELECT subscriber_id FROM undo_row WHERE is_new AND NOT is_kept"
RECORD_NEW = f"{_RECORD} FROM ({_GOING}) going"
DELETE_NEW = (
    f"DELETE FROM subscribers_subscription WHERE subscriber_id IN ({_GOING})",
    f"DELETE FROM {SearchEntry._meta.db_table} WHERE subscriber_id IN ({_GOING})",
    f"DELETE FROM subscribers_subscriber WHERE id IN ({_GOING})",
)

# Whoever is gone from the store by now has nothing left to undo: their row goes with the others.
FORGET = """
DELETE FROM subscribers_importedrow WHERE imported_by_id = %(import)s AND subscriber_id <= (
    SELECT max(subscriber_id) FROM (
        SELECT subscriber_id FROM subscribers_importedrow WHERE imported_by_id = %(import)s
        ORDER BY subscriber_id LIMIT %(rows)s
    ) first
)
"""

LEFT_AS_THEY_ARE = """
SELECT count(*) FROM undo_row WHERE (is_new AND is_kept) OR (NOT is_new AND (
    (former IS NOT NULL AND is_changed) OR ((subscribed OR former_state IS NOT NULL) AND is_resubscribed)
))
"""


def undo(
    import_id: int, *, by: str = "", progress: Callable[[int], None] = lambda people: None
) -> dict[str, int]:
    """Undo an import, whole or as far as it got.

    Args:
        by: who does it, for the record.
        progress: told after each chunk of how many people it is undone.
    Returns: how many people were `deleted` and `restored`, `subscriptions` and `suppressions` taken back, people
        `left` as they are, because something was changed about them since.
    Raises:
        CannotImport: somebody works on it, something was sent to its people since, or it is not to be undone.
    """
    with held(import_id) as is_held:
        if not is_held:
            raise CannotImport("under_way", f"Import {import_id} is being worked on. Stop it first.")
        stored = begin(import_id, by)
        counts = Counter(stored.undone)
        people = 0
        while True:
            with transaction.atomic(), connection.cursor() as cursor:
                done = _undo_some(cursor, stored, counts)
                Import.objects.filter(pk=import_id).update(undone=dict(counts))
            if not done:
                break
            people += done
            progress(people)
        Import.objects.filter(pk=import_id).update(state=ImportState.UNDONE, undone_at=Now())
        stored.parts.all().delete()
    log.info("import_undone", id=import_id, **counts)
    return dict(counts)


@transaction.atomic
def begin(import_id: int, by: str) -> Import:
    """Mark an import to be undone. Whoever works on it from then on, undoes it.

    Args, Raises: as for undo.
    """
    stored = Import.objects.select_for_update().filter(pk=import_id).first()
    if stored is None:
        raise CannotImport("unknown_import", f"There is no import {import_id}. `mailer imports` lists them.")
    if stored.state == ImportState.UNDOING:
        return stored
    if stored.state not in (ImportState.DONE, ImportState.STOPPED, ImportState.FAILED):
        raise CannotImport(
            "cannot_undo", f"Import {import_id} {stored.get_state_display()}: it cannot be undone."
        )
    with connection.cursor() as cursor:
        if stored.rows_read and not stored.journal.exists() and stored.counts.get("people", 1):
            raise CannotImport(
                "too_old", f"Import {import_id} is too old: what it did is not known any more."
            )
        cursor.execute(TOUCHED, [import_id])
        if sent := was_sent(cursor, "undo_touched", stored.created_at):
            raise CannotImport(
                "was_sent",
                f"Import {import_id} cannot be undone: {len(sent):,} of its people were sent something since, or are "
                "about to be.",
            )
        cursor.execute("DROP TABLE undo_touched")
    stored.state, stored.undone_by, stored.undone = ImportState.UNDOING, by, {}
    stored.save(update_fields=["state", "undone_by", "undone"])
    return stored


def _undo_some(cursor: Any, stored: Import, counts: Counter[str]) -> int:
    """Undo a chunk, and add to the counts. Returns how many people it was; 0 when none is left."""
    values = {
        "import": stored.pk,
        "mailing_list": stored.mailing_list_id,
        "source": stored.name,
        "suppressed": suppressed_by(stored.pk, stored.name),
        "rows": ROWS,
    }
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    cursor.execute(LOCK)
    cursor.execute(TAKE, values)
    sent = was_sent(cursor, "undo_row", stored.created_at)
    cursor.execute(KEEP_SENT, {"sent": list(sent)})
    cursor.execute(KEEP_NEW.format(others=_others()), values)
    cursor.execute(LEFT_AS_THEY_ARE)
    counts["left"] += cursor.fetchone()[0]
    for name, statement in (
        ("restored", RESTORE),
        ("subscriptions", UNSUBSCRIBE),
        ("subscriptions", RETURN),
        ("suppressions", UNSUPPRESS),
    ):
        cursor.execute(statement, values)
        counts[name] += cursor.rowcount
    cursor.execute(RECORD_NEW, values)
    for statement in DELETE_NEW:
        cursor.execute(statement)
    counts["deleted"] += cursor.rowcount
    cursor.execute(FORGET, values)
    done = int(cursor.rowcount)
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute("DROP TABLE undo_row")
    return done


def _others() -> str:
    """Conditions that something else of the store points to a person; what was sent is asked for elsewhere."""
    pointing = (
        relation.field
        for relation in Subscriber._meta.get_fields(include_hidden=True)
        if isinstance(relation, ManyToOneRel) and relation.related_model not in OWN
    )
    return " ".join(
        f"OR EXISTS (SELECT FROM {field.model._meta.db_table} other "
        f"WHERE other.{field.column} = undo_row.subscriber_id)"
        for field in pointing
        if field.model._meta.app_label == "subscribers"
    )
