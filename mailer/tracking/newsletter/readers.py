"""Who gets a newsletter: the people that figures of its list are about. A part of several queries."""

READERS = """reader AS (
    SELECT subscriber.id, subscriber.email, subscriber.topic_ids, subscription.created_at, subscription.paused_until,
        subscription.paused_because
    FROM subscribers_subscription subscription JOIN subscribers_subscriber subscriber
        ON subscriber.id = subscription.subscriber_id
    WHERE subscription.mailing_list_id = %(list)s AND subscription.state = 'active' AND NOT EXISTS (
        SELECT FROM subscribers_suppression suppression WHERE suppression.address = lower(subscriber.email)
    )
)"""
"""On the list and not suppressed. Paused people are among them: they have not left."""

# A batch holds who was in the request: rows of a thousand instead of one for each delivery; few of them were rejected.
SENT = """rejected AS (
    SELECT subscriber_id, batch_id FROM delivery_delivery
    WHERE send_id = ANY(%(sends)s::bigint[]) AND rejected_because IS NOT NULL
), sent AS (
    SELECT person.id, issue.age
    FROM unnest(%(sends)s::bigint[], %(ages)s::int[]) AS issue (send_id, age)
    JOIN delivery_batch batch ON batch.send_id = issue.send_id AND batch.state = 'accepted'
    CROSS JOIN LATERAL unnest(batch.subscriber_ids) AS person (id)
    WHERE NOT EXISTS (
        SELECT FROM rejected WHERE rejected.batch_id = batch.id AND rejected.subscriber_id = person.id
    )
)"""
"""Who was sent which issue: 1 is the newest."""

REACTED = """reacted AS (
    SELECT id, min(age) AS age FROM (
        SELECT delivery.subscriber_id AS id, issue.age
        FROM unnest(%(sends)s::bigint[], %(ages)s::int[]) AS issue (send_id, age)
        JOIN delivery_delivery delivery ON delivery.send_id = issue.send_id AND delivery.opened_at IS NOT NULL
        UNION ALL
        SELECT delivery.subscriber_id, issue.age
        FROM unnest(%(sends)s::bigint[], %(ages)s::int[]) AS issue (send_id, age)
        JOIN delivery_delivery delivery ON delivery.send_id = issue.send_id AND delivery.clicked_at IS NOT NULL
    ) act GROUP BY id
)"""
"""Who opened or clicked, and the newest issue that they did it with. The times are those of people, not of machines."""
