"""Confirming a sign-up: the link in the mail shows a page, and its button does it.

A link opens the one sign-up it was made for: it names the time at which that expires. After the person left, or once
a newer link was mailed, it opens nothing any more.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils import timezone

from subscribers.hold import hold
from subscribers.letters.ask import ask
from subscribers.models import (
    Consent,
    LetterKind,
    PendingSignUp,
    Subscriber,
    Subscription,
    SubscriptionState,
)
from subscribers.sign_up.sign_up import is_due, new_expiry, recorded
from subscribers.signals import confirmed
from subscribers.suppressing.find import is_suppressed

SOURCE = "link in the confirmation mail"


class Standing(StrEnum):
    """What a confirmation link is good for."""

    OPEN = "open"
    """It confirms."""
    DONE = "done"
    """The subscription is confirmed."""
    EXPIRED = "expired"
    """It is too old or a newer one was mailed; a new one can be had."""
    OVER = "over"
    """The person left since, or there is nothing to confirm."""


def standing(
    mailing_list_id: int, subscriber_id: int, expires: int, moment: datetime | None = None
) -> Standing:
    """What a link is good for now.

    Args:
        mailing_list_id, subscriber_id, expires: what its token says; the time in unix seconds.
        moment: now, where the caller has looked at the clock already.
    """
    state = _state(mailing_list_id, subscriber_id)
    if state == SubscriptionState.ACTIVE:
        return Standing.DONE
    pending = _pending(mailing_list_id, subscriber_id)
    if state != SubscriptionState.PENDING or pending is None:
        return Standing.OVER
    is_its_own = int(pending.expires_at.timestamp()) == expires
    is_open = is_its_own and pending.expires_at > (moment or timezone.now())
    return Standing.OPEN if is_open else Standing.EXPIRED


@transaction.atomic
def confirm(mailing_list_id: int, subscriber_id: int, expires: int) -> Standing:
    """Confirm a sign-up: the subscription is active, and what was typed with it counts from now on.

    Args: as for standing().
    Returns: OPEN when this call did it; otherwise why it did nothing.
    """
    moment = timezone.now()
    if not hold(subscriber_id):
        return Standing.OVER
    found = standing(mailing_list_id, subscriber_id, expires, moment)
    if found != Standing.OPEN:
        return found
    pending = PendingSignUp.objects.get(mailing_list_id=mailing_list_id, subscriber_id=subscriber_id)
    chosen: dict[str, Any] = pending.chosen
    confirmed_now = Subscription.objects.filter(
        # Who leaves in the same moment holds the row, and is pending no more once this has waited for it.
        mailing_list_id=mailing_list_id,
        subscriber_id=subscriber_id,
        state=SubscriptionState.PENDING,
    ).update(
        state=SubscriptionState.ACTIVE,
        cadence=chosen.get("cadence", Subscription.Cadence.EVERY),
        # Who confirms wants mail and got one: neither an old pause nor old soft bounces stand against it.
        paused_until=None,
        paused_because=Subscription.PauseReason.ASKED,
        changed_at=moment,
    )
    if not confirmed_now:
        return Standing.OVER
    _apply(subscriber_id, chosen, moment)
    Consent.objects.create(
        subscriber_id=subscriber_id,
        mailing_list_id=mailing_list_id,
        action=Consent.Action.CONFIRMED,
        source=SOURCE,
        wording=pending.wording,
        detail=recorded(chosen),
    )
    pending.delete()
    confirmed.send(sender=None, mailing_list_id=mailing_list_id, subscriber_id=subscriber_id)
    return Standing.OPEN


@transaction.atomic
def ask_again(mailing_list_id: int, subscriber_id: int, expires: int) -> bool:
    """Have a new link mailed to somebody whose link is EXPIRED.

    Returns: False when there is nothing to confirm, or a link was mailed within the last hour.
    """
    moment = timezone.now()
    if not hold(subscriber_id):
        return False
    if standing(mailing_list_id, subscriber_id, expires, moment) != Standing.EXPIRED:
        return False
    if not is_due(LetterKind.CONFIRM, mailing_list_id, subscriber_id, moment):
        return False
    pending = PendingSignUp.objects.get(mailing_list_id=mailing_list_id, subscriber_id=subscriber_id)
    pending.expires_at = new_expiry(moment, pending.expires_at)
    pending.save(update_fields=["expires_at"])
    if not is_suppressed(pending.subscriber.email):
        reference = int(pending.expires_at.timestamp())
        ask(LetterKind.CONFIRM, subscriber_id, mailing_list_id, reference=reference)
    return True


def _apply(subscriber_id: int, chosen: dict[str, Any], moment: datetime) -> None:
    """Give the subscriber what was typed at the sign-up; what was left empty stays as it is."""
    subscriber = Subscriber.objects.get(pk=subscriber_id)
    for name in ("first_name", "last_name", "language", "topic_ids"):
        if name in chosen:
            setattr(subscriber, name, chosen[name])
    subscriber.attributes = subscriber.attributes | chosen.get("attributes", {})
    subscriber.changed_at = moment
    subscriber.save(
        update_fields=["first_name", "last_name", "language", "topic_ids", "attributes", "changed_at"]
    )


def _state(mailing_list_id: int, subscriber_id: int) -> str | None:
    return (
        Subscription.objects.filter(
            mailing_list_id=mailing_list_id, subscriber_id=subscriber_id, subscriber__erased_at=None
        )
        .values_list("state", flat=True)
        .first()
    )


def _pending(mailing_list_id: int, subscriber_id: int) -> PendingSignUp | None:
    return PendingSignUp.objects.filter(mailing_list_id=mailing_list_id, subscriber_id=subscriber_id).first()
