"""Stories that a feed brought and nobody wanted: they go after a time, so that what is new is found."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from mailer.issues.models import Story


def forgotten(before: datetime) -> QuerySet[Any]:
    """Stories that a feed brought before a moment, that wait in a backlog, and that nobody ever worked on."""
    return Story.objects.filter(
        issue=None, touched_at=None, created_by=None, created_at__lt=before, entries__isnull=False
    ).distinct()


def forget(before: datetime, most: int) -> int:
    """Delete up to so many of them. Their entries stay, so that the feed does not bring them again.

    Returns: how many were deleted.
    """
    some = list(forgotten(before).order_by("pk").values_list("pk", flat=True)[:most])
    return Story.objects.filter(pk__in=some, issue=None, touched_at=None).delete()[1].get("issues.Story", 0)
