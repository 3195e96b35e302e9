"""People who signed up and never confirmed: after a while they are erased without a trace, so that they may try again."""

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from subscribers.models import Consent, ConsentAction, Subscriber, Subscription, SubscriptionState
from subscribers.privacy.erase import erase

BY = "retention: never confirmed"


def unconfirmed(before: datetime) -> QuerySet[Subscriber]:
    """Who is pending on every list they are on, has never confirmed or been imported, and has done nothing since
    `before`; by number."""
    subscriptions = Subscription.objects.filter(subscriber=OuterRef("pk"))
    consents = Consent.objects.filter(subscriber=OuterRef("pk"))
    return Subscriber.objects.filter(
        Exists(subscriptions.filter(state=SubscriptionState.PENDING)),
        ~Exists(subscriptions.exclude(state=SubscriptionState.PENDING)),
        ~Exists(subscriptions.filter(changed_at__gte=before)),
        ~Exists(consents.filter(action__in=(ConsentAction.CONFIRMED, ConsentAction.IMPORTED))),
        ~Exists(consents.filter(at__gte=before)),
        erased_at=None,
        created_at__lt=before,
    ).order_by("pk")


def erase_unconfirmed(before: datetime, most: int) -> int:
    """Erase up to `most` of them, each by itself: a stop half-way loses nothing.

    No hash of their address is kept, except where it is suppressed.

    Returns: how many were erased.
    """
    numbers = list(unconfirmed(before).values_list("pk", flat=True)[:most])
    return sum(_erase(number, before) for number in numbers)


def _erase(number: int, before: datetime) -> bool:
    """Erase somebody, unless they confirmed or did something else since they were found."""
    still = unconfirmed(before).filter(pk=number)
    return erase(number, by=BY, source=BY, known_again=False, if_still=still.exists) is not None
