"""Knowing the address of somebody who was erased, without keeping it.

What stays is a keyed hash (BLAKE2b with a key made from SECRET_KEY: RFC 7693). Whoever takes the database has no key,
so trying out addresses tells nothing. It stops a later import of the same address; a sign-up it does not stop, because
that is the person's own act: once confirmed, it ends the hash's effect (see `came_back`).

SECRET_KEY_FALLBACKS are looked at too: without the key that was in force at an erasure, its hash knows nobody.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from subscribers.cleaning.address import BadAddress, clean_address
from subscribers.models import GRAVEST_FIRST, Erasure, Subscriber, SuppressionReason, gravest

HASH_SIZE = 16
"""Bytes."""
LOCK = 0x65726173
"""Of PostgreSQL's advisory locks: an erasure has it alone; whoever writes down what came in about people shares it."""


def matcher() -> Callable[[str], bool]:
    """A function that says of an address whether it was erased and its owner has not come back; for many of them.

    It takes addresses as `clean_address` gives them, in any case. It knows the erasures of this moment, and keeps
    their hashes in memory, some 80 bytes each.
    """
    hashes = frozenset(Erasure.objects.filter(_STANDS).values_list("address_hash", flat=True))
    if not hashes:
        return _nobody
    hashed = [partial(_hash, _keyed(key)) for key in _keys()]
    if len(hashed) == 1:
        only = hashed[0]
        return lambda address: only(address.lower()) in hashes
    return lambda address: any(each(address.lower()) in hashes for each in hashed)


def known() -> int:
    """How many erasures know their address. It only grows: a matcher that was made after a look at it knows every
    erasure there is, as long as a later look finds the same number."""
    return Erasure.objects.filter(address_hash__isnull=False).count()


def stands(address: str, *, besides: int = 0) -> bool:
    """Whether an address was erased and its owner has not come back.

    Args:
        besides: a subscriber who may have it back where it is a former one of theirs; 0 for nobody.
    """
    return of(address).filter(_STANDS).exclude(subscriber_id=besides).exists()


def suppressed(address: str) -> str:
    """Why an address that was erased must still get nothing, whoever signs it up: the gravest reason of
    SuppressionReason; empty when nothing stands against it."""
    return gravest(set(of(address).exclude(suppressed_for="").values_list("suppressed_for", flat=True)))


def suppress(address: str, reason: SuppressionReason) -> bool:
    """Keep in mind that an erased address must get nothing, in place of a suppression, which would name it.

    A graver reason replaces a lesser one.

    Returns: True when the address was erased and its owner has not come back; else it wants a suppression.
    """
    standing = of(address).filter(_STANDS)
    lesser = GRAVEST_FIRST[GRAVEST_FIRST.index(reason) :]
    standing.filter(suppressed_for__in=["", *lesser]).update(suppressed_for=reason)
    return standing.exists()


def came_back(address: str) -> bool:
    """End the effect of erasures of an address: its owner has signed up again and confirmed, which is new consent.

    From then on an import may hold the address. What was erased stays so: they are a new subscriber.

    Returns: True when there was an erasure whose effect this call ended.
    """
    return of(address).filter(ended_at=None).update(ended_at=timezone.now()) > 0


def moved(subscriber: Subscriber, *, by: str = "the person") -> None:
    """Know a subscriber's address again once it gives way to another. The store does not hold it any more, so that an
    import of it would make a new subscriber of somebody who may have left under the new one.

    Args:
        by: who changed it.
    """
    Erasure.objects.create(
        subscriber=subscriber,
        address_hash=address_hash(subscriber.email),
        by=by[:200],
        reason="changed to another address",
    )


def on_confirmed(subscriber_id: int, **_: Any) -> None:
    """Receiver of subscribers.signals.confirmed: whoever confirmed is back."""
    for address in Subscriber.objects.filter(pk=subscriber_id).values_list("email", flat=True):
        came_back(address)


def of(address: str) -> QuerySet[Erasure]:
    """The erasures of an address, newest first; in any case and form that an import understands."""
    clean = _as_imported(address)
    hashes = [_hash(_keyed(key), clean) for key in _keys()]
    return Erasure.objects.filter(address_hash__in=hashes).order_by("-id")


def address_hash(address: str) -> str:
    """The hash to keep of an address, by the key that is in force."""
    return _hash(_keyed(str(settings.SECRET_KEY)), _as_imported(address))


_STANDS = Q(ended_at=None, address_hash__isnull=False)


def _as_imported(address: str) -> str:
    """In lower case, and in the form in which an import stores it; as it is, where that takes it for none."""
    try:
        return clean_address(address).lower()
    except BadAddress:
        return address.strip().lower()


def _nobody(_: str) -> bool:
    return False


def _keys() -> list[str]:
    return [str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def _hash(keyed: blake2b, address: str) -> str:
    hashed = keyed.copy()
    hashed.update(address.encode("utf-8", "surrogatepass"))
    return hashed.hexdigest()


@lru_cache
def _keyed(secret: str) -> blake2b:
    """The hash with its key taken in already; copied for each use."""
    key = blake2b(secret.encode(), person=b"erased addresses", digest_size=32).digest()
    return blake2b(key=key, digest_size=HASH_SIZE)
