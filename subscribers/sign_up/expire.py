"""Sign-ups that nobody confirmed: what was typed is forgotten."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from subscribers.models import Consent, PendingSignUp, Subscriber, Subscription, SubscriptionState

KEPT = timedelta(days=7)
"""How long after it expired a sign-up is kept, for somebody who follows the old link and has a new one mailed."""


def forget_unconfirmed() -> int:
    """Delete the sign-ups that expired some days ago. Who had left before is what they were: unsubscribed.

    Who is pending for the first time stays so, until retention takes them.

    Returns: how many were deleted.
    """
    before = timezone.now() - KEPT
    expired = list(PendingSignUp.objects.filter(expires_at__lt=before).values_list("pk", "subscriber_id"))
    return sum(_forget(number, subscriber_id, before) for number, subscriber_id in expired)


@transaction.atomic
def _forget(number: int, subscriber_id: int, before: datetime) -> bool:
    Subscriber.objects.select_for_update(no_key=True).get(pk=subscriber_id)
    # Once more: they may have signed up again meanwhile.
    pending = PendingSignUp.objects.filter(pk=number, expires_at__lt=before).first()
    if pending is None:
        return False
    if pending.had_left:
        _leave_again(pending)
    pending.delete()
    return True


def _leave_again(pending: PendingSignUp) -> None:
    changed = Subscription.objects.filter(
        mailing_list_id=pending.mailing_list_id,
        subscriber_id=pending.subscriber_id,
        state=SubscriptionState.PENDING,
    ).update(state=SubscriptionState.UNSUBSCRIBED, changed_at=timezone.now())
    if changed:
        Consent.objects.create(
            mailing_list_id=pending.mailing_list_id,
            subscriber_id=pending.subscriber_id,
            action=Consent.Action.CHANGED,
            source="a sign-up that was not confirmed",
            detail={"changed": {"state": ["pending", "unsubscribed"]}},
        )
