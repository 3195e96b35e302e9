"""What is kept of an import goes after a while: it says a lot about people, and by then nobody undoes it."""

from datetime import datetime, timedelta

import structlog
from django.utils import timezone

from subscribers.importing import draft
from subscribers.models import Import, ImportState

log = structlog.get_logger()

KEPT_FOR = timedelta(days=30)
"""Refused and flagged rows, the journal, and the files of imports that never came to an end."""


def forget_old(now: datetime | None = None) -> int:
    """Delete what is kept of the imports that ended KEPT_FOR ago. Their counts stay. Returns how many they are.

    Of drafts that nobody confirmed everything goes, the file first of all, after draft.KEPT_FOR.
    """
    drafts = Import.objects.filter(
        state=ImportState.DRAFT, moved_at__lt=(now or timezone.now()) - draft.KEPT_FOR
    )
    drafts.delete()
    ended = (ImportState.DONE, ImportState.STOPPED, ImportState.FAILED, ImportState.UNDONE)
    old = Import.objects.filter(state__in=ended, finished_at__lt=(now or timezone.now()) - KEPT_FOR)
    count = 0
    for stored in old:
        rows = stored.journal.all()._raw_delete(using=stored.journal.db)
        parts, _ = stored.parts.all().delete()
        if rows or parts:
            count += 1
    if count:
        log.info("imports_forgotten", count=count)
    return count
