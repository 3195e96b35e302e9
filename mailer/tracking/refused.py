"""What came in a post and cannot be kept as an event: set aside, to be looked at."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from mailer.tracking.models import RefusedItem

MOST = 100
"""Items of one post; of more, how many there were."""
LONGEST = 10_000
"""Characters of one."""

log = structlog.get_logger()


def refuse(items: Sequence[str], why: str, received_at: datetime) -> None:
    """Set items of a post aside.

    Args:
        items: each as it came, as far as it can be written.
        received_at: when the post came in.
    """
    if not items:
        return
    shown = [item[:LONGEST] for item in items[:MOST]]
    if len(items) > MOST:
        shown.append(f"and {len(items) - MOST:,} more like these")
    RefusedItem.objects.bulk_create(
        RefusedItem(received_at=received_at, why=why[:200], item=item) for item in shown
    )
    log.warning("items_refused", items=len(items), why=why)
