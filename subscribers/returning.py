"""Coming back to a mailing list."""

from django.db import transaction
from django.utils import timezone

from subscribers.hold import hold
from subscribers.models import Consent, Subscription


@transaction.atomic
def come_back(mailing_list_id: int, subscriber_id: int, *, source: str, origin: int = 0) -> bool:
    """Put a subscriber who left a list on it again, at once, and record it.

    Only for somebody who holds a link from a mail to the address: that is the proof that it is theirs.
    A suppression of the address stays, and with it the address gets nothing.

    Args:
        source: where they came back, for the record: "preferences page", …
        origin: what the link came with (see tokens.make).
    Returns: True when this call did it, False when they had not left.
    """
    # Whoever erases them, or looks whether they are still away, waits, or is waited for.
    if not hold(subscriber_id):
        return False
    changed = Subscription.objects.filter(
        mailing_list_id=mailing_list_id, subscriber_id=subscriber_id, state=Subscription.State.UNSUBSCRIBED
    ).update(state=Subscription.State.ACTIVE, changed_at=timezone.now())
    if not changed:
        return False
    Consent.objects.create(
        mailing_list_id=mailing_list_id,
        subscriber_id=subscriber_id,
        action=Consent.Action.SIGNED_UP,
        source=source,
        detail={"origin": origin} if origin else {},
    )
    return True
