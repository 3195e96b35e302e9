"""Batches that are over, without anything sent."""

from django.contrib.postgres.functions import RandomUUID
from django.db.models import QuerySet

from mailer.delivery.models import Batch


def become(batches: QuerySet[Batch], state: str) -> None:
    """Let batches be in a state that a submission led to."""
    batches.update(state=state, submission_id=RandomUUID())
