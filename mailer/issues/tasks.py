"""What workers do for editors; when it runs stands in mailer/config/celery.py."""

import time

from celery import shared_task
from django.utils import timezone

from mailer.issues.feeds.due import claim, due
from mailer.issues.feeds.look import look

PATIENCE = 45.0
"""Seconds for which one run begins to look at another feed."""


@shared_task
def look_at_feeds() -> None:
    """Look at the feeds that are due, one after the other: slow sites never keep the threads that send.

    What is left over is for the next run. Another one beside it takes other feeds.
    """
    end = time.monotonic() + PATIENCE
    for feed in due(timezone.now()).select_related("newsletter").iterator(chunk_size=10):
        if claim(feed, timezone.now()):
            look(feed)
        if time.monotonic() > end:
            break
