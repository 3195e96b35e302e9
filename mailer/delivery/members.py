"""Whom the plan of a send put into a batch: those who got it, those who are to get it, and those who were refused."""

MEMBERS = """
SELECT batch.send_id, recipient.subscriber_id, batch.id AS batch_id, NULL AS rejected_because
FROM delivery_batch batch CROSS JOIN LATERAL unnest(batch.subscriber_ids) AS recipient (subscriber_id)
UNION ALL
SELECT send_id, subscriber_id, batch_id, rejected_because FROM delivery_delivery WHERE rejected_because IS NOT NULL
"""
"""As SQL, a row for each. A batch lists whom it goes to, so whoever was refused is no more on its list; and a delivery
is written at the claim, so who still waits has none."""
