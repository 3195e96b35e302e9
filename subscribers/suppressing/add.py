"""Putting an address on the suppressions by hand."""

from subscribers.cleaning.address import BadAddress, clean_address
from subscribers.importing.status import BY_IMPORT
from subscribers.models import Suppression, SuppressionReason
from subscribers.privacy import erased
from subscribers.suppressing.errors import CannotSuppress
from subscribers.text import one_line


def suppress(address: str, reason: SuppressionReason, detail: str = "") -> bool:
    """Let an address get nothing from now on, also in what is under way. SendGrid is told by a task.

    An erased address is not written down again: that it must get nothing is kept with its hash.

    Args:
        detail: for the record; "" for nothing.
    Returns: False when it was suppressed for this reason before; then nothing changed but whose it is, where an import
        had made it.
    Raises:
        CannotSuppress: it is no address.
    """
    try:
        clean = clean_address(address)
    except BadAddress as error:
        raise CannotSuppress("bad_address", f"{address.strip()!r} is no address: {error}") from error
    if erased.suppress(clean, reason):
        return True
    held, added = Suppression.objects.get_or_create(
        address=clean.lower(), reason=reason, defaults={"detail": one_line(detail)}
    )
    if not added and held.detail.startswith(BY_IMPORT):
        # From now on it holds whatever becomes of the import: undoing one takes off what is still its own.
        Suppression.objects.filter(pk=held.pk).update(detail=one_line(detail))
    return added
