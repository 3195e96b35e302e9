"""Batches that are over, without anything sent."""

from django.contrib.postgres.functions import RandomUUID
from django.db.models import QuerySet

from mailer.delivery.models import Batch, Delivery


def become(batches: QuerySet[Batch], state: str) -> None:
    """Let batches be in a state that a submission led to, with the deliveries that its claim wrote."""
    for batch in batches.all():
        Delivery.objects.bulk_create(
            [Delivery(send_id=batch.send_id, subscriber_id=who, batch=batch) for who in batch.subscriber_ids],
            ignore_conflicts=True,
        )
    batches.update(state=state, submission_id=RandomUUID())
