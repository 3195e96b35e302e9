"""Whom the plan of a send put into a batch: those who got it, those who are to get it, and those who were refused."""

MEMBERS = """
SELECT batch.send_id, recipient.subscriber_id, batch.id AS batch_id, NULL AS rejected_because
FROM delivery_batch batch CROSS JOIN LATERAL unnest(batch.subscriber_ids) AS recipient (subscriber_id)
UNION ALL
SELECT send_id, subscriber_id, batch_id, rejected_because FROM delivery_delivery WHERE rejected_because IS NOT NULL
"""
"""As SQL, a row for each. A batch lists whom it goes to, so whoever was refused is no more on its list; and a delivery
is written at the claim, so who still waits has none."""

HAS_IT = """
delivery.rejected_because IS NULL AND batch.state NOT IN ('rejected', 'cancelled')
    AND NOT (coalesce(delivery.blocked_at, delivery.dropped_at) IS NOT NULL AND delivery.delivered_at IS NULL)
"""
"""Whether somebody has what a delivery and its batch are of, or may have: only what is known to have failed does not
count."""
