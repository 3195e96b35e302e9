"""What undoing an import would do, counted before anybody decides."""

from dataclasses import dataclass

from django.db import connection, transaction

from subscribers.importing.errors import CannotImport
from subscribers.importing.undo import begin
from subscribers.models import Import

COUNT = """
SELECT count(*) FILTER (WHERE journal.is_new),
    count(*) FILTER (WHERE NOT is_new AND former IS NOT NULL),
    count(*) FILTER (WHERE NOT is_new AND (subscribed OR former_state IS NOT NULL)),
    count(*) FILTER (WHERE suppressed),
    count(*) FILTER (WHERE subscriber.changed_at > journal.at)
FROM subscribers_importedrow journal JOIN subscribers_subscriber subscriber ON subscriber.id = journal.subscriber_id
WHERE imported_by_id = %s
"""


@dataclass(frozen=True)
class Ahead:
    """People that an undoing would delete, and give back their former values; subscriptions and suppressions that it
    would take back. `changed` people were changed since: what others did stays.

    Attributes:
        why_not: it cannot be undone, and why; "" where it can.
    """

    deleted: int = 0
    restored: int = 0
    subscriptions: int = 0
    suppressions: int = 0
    changed: int = 0
    why_not: str = ""


def ahead_of(stored: Import) -> Ahead:
    """What undoing an import would do now. Nothing is done."""
    with transaction.atomic(), connection.cursor() as cursor:
        try:
            begin(stored.pk, "")
        except CannotImport as error:
            return Ahead(why_not=str(error))
        cursor.execute(COUNT, [stored.pk])
        ahead = Ahead(*cursor.fetchone())
        transaction.set_rollback(True)
    return ahead
