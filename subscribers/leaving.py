"""Leaving a mailing list."""

from django.db import transaction
from django.utils import timezone

from subscribers.models import Consent, Subscription
from subscribers.signals import left


@transaction.atomic
def leave(mailing_list_id: int, subscriber_id: int, *, source: str, origin: int = 0) -> bool:
    """Take a subscriber off a list, at once, and record it.

    Args:
        source: how they left, for the record: "one-click", "unsubscribe page", …
        origin: what they left from (see tokens.make).
    Returns: True when this call did it, False when they were off the list already or never on it.
    """
    moment = timezone.now()
    changed = (
        Subscription.objects.filter(mailing_list_id=mailing_list_id, subscriber_id=subscriber_id)
        .exclude(state=Subscription.State.UNSUBSCRIBED)
        .update(state=Subscription.State.UNSUBSCRIBED, changed_at=moment)
    )
    if not changed:
        return False
    Consent.objects.create(
        mailing_list_id=mailing_list_id,
        subscriber_id=subscriber_id,
        action=Consent.Action.LEFT,
        source=source,
        detail={"origin": origin} if origin else {},
    )
    left.send(sender=None, mailing_list_id=mailing_list_id, subscriber_id=subscriber_id, origin=origin)
    return True
