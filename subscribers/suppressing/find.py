"""Whether an address is suppressed, and for what."""

from django.db.models import QuerySet, Value
from django.db.models.functions import Lower

from subscribers.models import Suppression
from subscribers.privacy import erased


def suppressions_of(address: str) -> QuerySet[Suppression]:
    """The suppressions of an address, in any case."""
    return Suppression.objects.filter(address=Lower(Value(address.strip())))


def is_suppressed(address: str) -> bool:
    """Whether an address must get nothing, whoever signs it up; also where that of an erased person must not."""
    # Both are asked, whatever the first says: the same work for every address.
    suppressions = suppressions_of(address).exists()
    return bool(erased.suppressed(address)) or suppressions
