"""Taking an address off the suppressions, which a person does and says why."""

import structlog
from django.db import transaction

from subscribers.models import Lifting, Suppression
from subscribers.suppressing.errors import CannotSuppress
from subscribers.suppressing.find import suppressions_of
from subscribers.text import lines

log = structlog.get_logger()

LONGEST_BECAUSE = 2000
"""Characters."""


@transaction.atomic
def lift(address: str, *, by: str, because: str) -> list[Lifting]:
    """Take an address off the suppressions, whatever they are for, and record each.

    It may get mail from now on, but not of lists that it left. SendGrid's own lists are cleared by a task, which finds
    what to do in these records.

    Args:
        by: the name of the person who does it.
        because: their reason, in their words.
    Returns: the records, one for each suppression.
    Raises:
        CannotSuppress: nothing was changed: without a reason or name, it is not suppressed, or its owner complained
            about spam, after which only the owner's own new sign-up could make a mail right.
    """
    by, because = by.strip(), lines(because)[:LONGEST_BECAUSE]
    if not because or not by:
        raise CannotSuppress("no_reason", "Say why, and who you are. Both are kept for good.")
    held = list(suppressions_of(address).select_for_update().order_by("id"))
    if not held:
        raise CannotSuppress("not_suppressed", f"{address.strip()} is not suppressed, so nothing was lifted.")
    if any(row.reason == Suppression.Reason.COMPLAINT for row in held):
        raise CannotSuppress(
            "complaint",
            f"{address.strip()} complained about spam. That is never lifted: another mail costs the "
            "organisation's name as a sender, and is against what the person said.",
        )
    lifted = Lifting.objects.bulk_create(
        Lifting(
            address=row.address,
            reason=row.reason,
            detail=row.detail,
            suppressed_at=row.created_at,
            by=by[:200],
            because=because,
        )
        for row in held
    )
    Suppression.objects.filter(pk__in=[row.pk for row in held]).delete()
    transaction.on_commit(lambda: log.info("suppressions_lifted", liftings=[row.pk for row in lifted]))
    return lifted
