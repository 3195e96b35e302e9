"""What the ledger holds on a person: every issue they were meant to get, and what became of it."""

from datetime import datetime
from typing import Any

from django.db import connection

from mailer.delivery.forecast.wording import WORDS
from subscribers.models import Subscriber
from subscribers.person.sections import Fact

# Deliveries, exclusions and batches have no index by subscriber, which each claim would pay for: they are looked up send
# by send through their primary keys, and only the batches that still wait by their lists.
_ISSUES = """
SELECT send.id, newsletter.name, issue.number, issue.date, issue.subject,
    coalesce(submission.started_at, batch.changed_at, send.started_at, send.planned_at) AS at,
    CASE
        WHEN exclusion.reason IS NOT NULL THEN 'left out'
        WHEN delivery.rejected_because IS NOT NULL THEN 'rejected'
        WHEN batch.state IN ('waiting', 'submitting') THEN 'waiting'
        WHEN batch.state = 'cancelled' THEN 'left out'
        ELSE batch.state
    END AS standing,
    coalesce(exclusion.reason, CASE WHEN batch.state = 'cancelled' THEN 'cancelled' END) AS reason,
    delivery.rejected_because, batch.due_at,
    deferred_at, delivered_at, opened_at, opened_with, opened_on, machine_opened_at, machine_rule,
    bounced_at, blocked_at, dropped_at, bounce_class, refusal_status, complained_at, unsubscribed_at
FROM delivery_send send
JOIN issues_issue issue ON issue.id = send.issue_id
JOIN issues_newsletter newsletter ON newsletter.id = issue.newsletter_id
LEFT JOIN LATERAL (
    SELECT * FROM delivery_delivery WHERE send_id = send.id AND subscriber_id = %(person)s LIMIT 1
) delivery ON true
LEFT JOIN LATERAL (
    SELECT reason FROM delivery_exclusion WHERE send_id = send.id AND subscriber_id = %(person)s LIMIT 1
) exclusion ON true
LEFT JOIN LATERAL (
    SELECT id FROM delivery_batch
    WHERE send_id = send.id AND state IN ('waiting', 'submitting', 'cancelled')
        AND %(person)s = ANY(subscriber_ids)
        AND delivery.batch_id IS NULL AND exclusion.reason IS NULL
    LIMIT 1
) pending ON true
LEFT JOIN delivery_batch batch ON batch.id = coalesce(delivery.batch_id, pending.id)
LEFT JOIN delivery_submission submission ON submission.id = batch.submission_id
WHERE batch.id IS NOT NULL OR exclusion.reason IS NOT NULL
ORDER BY at, send.id
"""

_HAPPENED = (
    ("deferred_at", "deferred"),
    ("delivered_at", "delivered"),
    ("opened_at", "opened by a person"),
    ("machine_opened_at", "opened by a machine"),
    ("bounced_at", "bounced"),
    ("blocked_at", "blocked"),
    ("dropped_at", "dropped"),
    ("complained_at", "complained"),
    ("unsubscribed_at", "left the list"),
)
"""What can become of a delivery, by its columns; clicks are told apart by their links."""


def issues_of(subscriber: Subscriber) -> list[Fact]:
    """Every issue the person was a candidate for, oldest first: where it stands, why, and what happened when.

    Clicks are not in it: mailer.tracking knows their links.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ISSUES, {"person": subscriber.pk})
        columns = [column.name for column in cursor.description or ()]
        return [_fact(dict(zip(columns, row, strict=True))) for row in cursor.fetchall()]


def _fact(row: dict[str, Any]) -> Fact:
    happened = [
        {"what": what, "at": row[column], **_failure(row, column), **_open(row, column)}
        for column, what in _HAPPENED
        if row[column]
    ]
    return {
        "send": row["id"],
        "newsletter": row["name"],
        "issue": row["number"],
        "date": row["date"],
        "subject": row["subject"],
        "at": row["at"],
        "standing": row["standing"],
        "because": row["rejected_because"] or WORDS.get(row["reason"] or "", row["reason"]),
        "due_at": row["due_at"] if row["standing"] == "waiting" else None,
        "happened": sorted(happened, key=lambda event: event["at"]),
    }


def _failure(row: dict[str, Any], column: str) -> dict[str, str | datetime]:
    """Class and status belong to the foremost failure: a hard bounce, else a block, else a drop."""
    failures = [name for name in ("bounced_at", "blocked_at", "dropped_at") if row[name]]
    if not failures or column != failures[0]:
        return {}
    told = {"class": row["bounce_class"], "status": row["refusal_status"]}
    return {name: value for name, value in told.items() if value}


def _open(row: dict[str, Any], column: str) -> dict[str, str]:
    """With what a person opened it, and by which rule the first open by a machine is one."""
    names = {
        "opened_at": {"with": "opened_with", "on": "opened_on"},
        "machine_opened_at": {"rule": "machine_rule"},
    }
    return {name: row[held] for name, held in names.get(column, {}).items() if row[held]}


def stop_letters(subscriber: Subscriber) -> None:
    """Letters to a person who is erased do not go out any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE delivery_batch SET state = 'cancelled', changed_at = statement_timestamp()
            WHERE state = 'waiting'
                AND letter_id IN (SELECT id FROM subscribers_letter WHERE subscriber_id = %s)
            """,
            [subscriber.pk],
        )
