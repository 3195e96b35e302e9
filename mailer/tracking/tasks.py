"""Tracking's tasks; when they run stands in mailer/config/celery.py."""

from celery import shared_task

from mailer.tracking import retention
from mailer.tracking.fold import fold_events


@shared_task
def fold() -> None:
    """Fold until nothing is left."""
    while fold_events():
        pass


@shared_task
def retain() -> None:
    """Delete what is older than it may be kept."""
    retention.apply()
