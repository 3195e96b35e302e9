"""What became of the people in a file, counted from the journal: whatever the chunks, each is counted once."""

from typing import Any

from subscribers.importing.mapping import RULED
from subscribers.models import Import

_FIELDS = ", ".join(f"count(*) FILTER (WHERE former ? '{field}')" for field in RULED)
PEOPLE = f"""
SELECT count(*), count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE subscribed),
    count(*) FILTER (WHERE NOT is_new AND (subscribed OR former IS NOT NULL OR former_state IS NOT NULL)),
    count(*) FILTER (WHERE former_state IS NOT NULL), {_FIELDS}
FROM subscribers_importedrow WHERE imported_by_id = %s
"""
STATES = """
SELECT count(*) FILTER (WHERE NOT subscribed AND former_state IS NULL AND state = 'unsubscribed'),
    count(*) FILTER (WHERE NOT subscribed AND state = 'pending'),
    count(*) FILTER (WHERE subscribed AND state = 'unsubscribed'),
    count(*) FILTER (WHERE subscribed AND state = 'pending')
FROM subscribers_importedrow journal
JOIN subscribers_subscription subscription
    ON subscription.subscriber_id = journal.subscriber_id AND subscription.mailing_list_id = %s
WHERE journal.imported_by_id = %s AND state <> 'active'
"""
SUPPRESSED = """
SELECT count(DISTINCT subscriber.id)
FROM subscribers_suppression suppression
JOIN subscribers_subscriber subscriber ON lower(subscriber.email) = suppression.address
JOIN subscribers_importedrow journal ON journal.subscriber_id = subscriber.id AND journal.imported_by_id = %s
"""


def tally(cursor: Any, stored: Import) -> dict[str, Any]:
    """The counts of ImportSummary that are counted at the end, by their names there."""
    cursor.execute(PEOPLE, [stored.pk])
    people, new, subscribed, changed, left, *fields = cursor.fetchone()
    cursor.execute(STATES, [stored.mailing_list_id, stored.pk])
    kept_unsubscribed, kept_pending, came_unsubscribed, came_pending = cursor.fetchone()
    cursor.execute(SUPPRESSED, [stored.pk])
    (suppressed,) = cursor.fetchone()
    return {
        "people": people,
        "imported": new,
        "merged_with_store": changed,
        "unchanged": people - new - changed,
        "subscribed": subscribed,
        "came_unsubscribed": came_unsubscribed,
        "came_pending": came_pending,
        "left": left,
        "kept_unsubscribed": kept_unsubscribed,
        "kept_pending": kept_pending,
        "suppressed": suppressed,
        "changed_fields": dict(zip(RULED, fields, strict=True)),
    }
