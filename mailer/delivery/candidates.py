"""Everyone who may get a send, each with the one reason against it or with when and in which variant they get it.

They are put into the temporary table `candidate`, which a plan and a dry run read alike.
"""

from datetime import datetime
from typing import Any

from django.db.backends.utils import CursorWrapper

from mailer.delivery.audience import audience_of, predicate
from mailer.delivery.cadence import OUT_OF_TURN, around, has_cadences
from mailer.delivery.exclusions import RANK, REASON
from mailer.delivery.members import HAS_IT
from mailer.delivery.models import Send
from mailer.delivery.schedule import due

BUCKETS = 10_000
"""The hash of a person and an issue falls into one of so many: an A/B test's share is cut by it."""

_EARLIER = f"""
LEFT JOIN (
    SELECT DISTINCT delivery.subscriber_id
    FROM delivery_send earlier
    JOIN delivery_delivery delivery ON delivery.send_id = earlier.id
    JOIN delivery_batch batch ON batch.id = delivery.batch_id
    WHERE earlier.issue_id = %(issue)s AND earlier.id < %(send)s AND {HAS_IT}
) has_it USING (subscriber_id)
"""
"""Those who have the issue from an earlier send, or may have."""

# The same person falls into the same bucket of an issue however often it is planned, and into another of the next.
_HASH = "('x' || substr(md5(%(issue)s || ':' || subscriber.id), 1, 8))::bit(32)::bigint"


def gather(cursor: CursorWrapper, send: Send, now: datetime, variants: int = 1) -> None:
    """Put everyone with a subscription to the send's list, whatever its state, who is in its audience into the table
    `candidate`.

    Columns: subscriber_id, topic_ids, reason (NULL for who gets it), due_at (NULL: at once), in_test, variant, domain
    (the receiving domain where it has a ceiling, else ''). It vanishes with the transaction.

    Args:
        now: the moment for which the audience is asked.
        variants: how many the A/B test has; 1 without one.
    Raises:
        BadAudience: the audience cannot be told any more.
    """
    newsletter = send.issue.newsletter
    local = send.local_date is not None
    if local:
        _gather_zones(cursor, send)
    in_test = f"{_HASH} %% {BUCKETS} < %(share)s" if send.test_share else "false"
    variant = (
        f"CASE WHEN {in_test} THEN {_HASH} / {BUCKETS} %% %(variants)s ELSE 0 END" if send.test_share else "0"
    )
    domain = "split_part(lower(subscriber.email), '@', -1)"
    audience = predicate(audience_of(send), now)
    turns = around(send) if has_cadences(send) else None
    values: dict[str, Any] = {**_values(send, variants), **audience.params}
    if turns:
        values |= turns.values
    cursor.execute(
        f"""
        CREATE TEMPORARY TABLE candidate ON COMMIT DROP AS
        SELECT subscriber_id, subscriber.topic_ids,
            coalesce(
                {REASON},
                {"CASE WHEN has_it.subscriber_id IS NOT NULL THEN 'already' END" if send.previous_id else "NULL"},
                {"out_of_turn.reason" if turns else "NULL"}
            ) AS reason,
            {"zone.due_at" if local else "%(scheduled)s::timestamptz"} AS due_at,
            {in_test} AS in_test,
            ({variant})::smallint AS variant,
            {f"CASE WHEN {domain} = ANY(%(domains)s) THEN {domain} ELSE '' END" if newsletter.domain_ceilings else "''"}
                AS domain
        FROM subscribers_subscription subscription
        JOIN subscribers_subscriber subscriber ON subscriber.id = subscription.subscriber_id
        LEFT JOIN (
            SELECT suppression.address, min({RANK}) AS rank FROM subscribers_suppression suppression GROUP BY 1
        ) suppressed ON suppressed.address = lower(subscriber.email)
        {_EARLIER if send.previous_id else ""}
        {OUT_OF_TURN if turns else ""}
        {"LEFT JOIN zone USING (time_zone, country)" if local else ""}
        WHERE subscription.mailing_list_id = %(list)s AND {audience.sql}
        """,
        values,
    )
    # The planner knows nothing of a new table until it is analysed, and would guess a few hundred rows.
    cursor.execute("ANALYZE candidate")


def _values(send: Send, variants: int) -> dict[str, Any]:
    return {
        "list": send.mailing_list_id,
        "issue": send.issue_id,
        "send": send.pk,
        "scheduled": send.scheduled_at,
        "share": (send.test_share or 0) * BUCKETS // 100,
        "variants": variants,
        "domains": list(send.issue.newsletter.domain_ceilings),
    }


def _gather_zones(cursor: CursorWrapper, send: Send) -> None:
    """The moment of the send's local time for each time zone and country that its candidates have."""
    cursor.execute(
        """
        SELECT DISTINCT subscriber.time_zone, subscriber.country
        FROM subscribers_subscription subscription
        JOIN subscribers_subscriber subscriber ON subscriber.id = subscription.subscriber_id
        WHERE subscription.mailing_list_id = %s
        """,
        [send.mailing_list_id],
    )
    pairs = cursor.fetchall()
    cursor.execute(
        "CREATE TEMPORARY TABLE zone (time_zone text, country text, due_at timestamptz) ON COMMIT DROP"
    )
    cursor.execute(
        "INSERT INTO zone SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[])",
        [
            [zone for zone, _ in pairs],
            [country for _, country in pairs],
            [due(send, *pair) for pair in pairs],
        ],
    )
    cursor.execute("ANALYZE zone")
