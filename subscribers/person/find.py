"""Finding the person that somebody names by an address."""

from django.db.models import QuerySet, Value
from django.db.models.functions import Lower

from subscribers.models import Subscriber
from subscribers.privacy import erased


class NoSuchPerson(Exception):
    """Nobody is known by the address; the message says so, and what was looked at."""

    code = "no_such_person"


def people_at(address: str) -> list[Subscriber]:
    """Who has or had an address: the subscriber with it, in any case; then those who had it and were erased, newest
    first.

    Raises:
        NoSuchPerson: there is none of either.
    """
    gone = [erasure.subscriber for erasure in erased.of(address).select_related("subscriber")]
    # Who moved to another address and back was known by this one twice.
    found = [*dict.fromkeys([*subscribers_at(address), *gone])]
    if not found:
        raise NoSuchPerson(
            f"Nobody is known by the address {address.strip()!r}: no subscriber has it, and none who was erased had it."
        )
    return found


def subscribers_at(address: str) -> QuerySet[Subscriber]:
    """The subscriber with this address, in any case, found by its index: none or one."""
    with_address = Subscriber.objects.alias(address=Lower("email"))
    return with_address.filter(address=Lower(Value(address.strip())))
