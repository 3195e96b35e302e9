"""Changing one's address: asked for by the link in a mail to the old one, confirmed by the link in a mail to the new.

Whoever asks learns nothing of the new address: the answer is the same whether it is free, somebody else's, or one
that must get nothing. Whoever opens the link reads mail at the new address, and is told what is wrong.
"""

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

from django.db import IntegrityError, transaction
from django.utils import timezone

from subscribers.letters.ask import ask
from subscribers.models import (
    AddressChange,
    Consent,
    LetterKind,
    PauseReason,
    Subscriber,
    Subscription,
)
from subscribers.person.find import subscribers_at
from subscribers.preferences import chosen
from subscribers.privacy import erased
from subscribers.suppressing.find import is_suppressed

PAGE = "address page"
GOOD_FOR = timedelta(days=2)
WINDOW = timedelta(days=1)
MOST_OF_ONE_PERSON = 3
MOST_TO_ONE_ADDRESS = 2
"""Changes asked for in a WINDOW: so that nobody fills a stranger's mailbox."""


class Asked(StrEnum):
    """What came of asking for a change."""

    SENT = "sent"
    SAME = "same"
    """It is their address already."""
    TOO_OFTEN = "too_often"
    OVER = "over"
    """There is nobody any more to change it for."""


class Change(StrEnum):
    """How a change stands."""

    OPEN = "open"
    DONE = "done"
    """It is confirmed, by this call or before."""
    OVER = "over"
    """Expired, replaced by a newer one, or of nobody who is there."""
    TAKEN = "taken"
    """The address is on record as somebody else's."""
    SUPPRESSED = "suppressed"
    """The address must get nothing."""


@transaction.atomic
def ask_change(subscriber_id: int, mailing_list_id: int, address: str) -> Asked:
    """Have the letter written that confirms a new address.

    Args:
        mailing_list_id: in whose name it goes out.
        address: as `clean_address` gives it.
    """
    # The lock makes two requests at once count each other.
    people = Subscriber.objects.select_for_update(no_key=True)
    subscriber = people.filter(pk=subscriber_id, erased_at=None).first()
    if subscriber is None:
        return Asked.OVER
    if subscriber.email.lower() == address.lower():
        return Asked.SAME
    moment = timezone.now()
    recent = AddressChange.objects.filter(asked_at__gt=moment - WINDOW)
    if (
        recent.filter(subscriber_id=subscriber_id).count() >= MOST_OF_ONE_PERSON
        or recent.filter(address__iexact=address).count() >= MOST_TO_ONE_ADDRESS
    ):
        return Asked.TOO_OFTEN
    change = AddressChange.objects.create(
        subscriber_id=subscriber_id, address=address, expires_at=moment + GOOD_FOR
    )
    ask(LetterKind.ADDRESS, subscriber_id, mailing_list_id, address=address, reference=change.pk)
    return Asked.SENT


def find(change_id: int, subscriber_id: int) -> AddressChange | None:
    """A change, by the numbers in its link."""
    return (
        AddressChange.objects.select_related("subscriber")
        .filter(pk=change_id, subscriber_id=subscriber_id)
        .first()
    )


def how_it_stands(change: AddressChange) -> Change:
    """Whether a change can be confirmed now, or why not."""
    if change.confirmed_at:
        return Change.DONE
    newest = AddressChange.objects.filter(subscriber_id=change.subscriber_id).order_by("-pk").first()
    if change.expires_at <= timezone.now() or change != newest or change.subscriber.erased_at:
        return Change.OVER
    if is_suppressed(change.address):
        return Change.SUPPRESSED
    if subscribers_at(change.address).exclude(pk=change.subscriber_id).exists():
        return Change.TAKEN
    return Change.OPEN


@transaction.atomic
def confirm(change: AddressChange, mailing_list_id: int) -> Change:
    """Give a subscriber the new address, and record that it changed, not from what to what.

    The old address is told, where it may be written to.

    Args:
        mailing_list_id: in whose name the link was.
    Returns: DONE, or what stands against it.
    """
    people = Subscriber.objects.select_for_update(no_key=True)
    subscriber = people.filter(pk=change.subscriber_id, erased_at=None).first()
    stored = find(change.pk, change.subscriber_id)
    if subscriber is None or stored is None:
        return Change.OVER
    change, stands = stored, how_it_stands(stored)
    if stands != Change.OPEN:
        return stands
    moment = timezone.now()
    try:
        with transaction.atomic():
            Subscriber.objects.filter(pk=subscriber.pk).update(email=change.address, changed_at=moment)
    except IntegrityError:  # somebody else took it since the look
        return Change.TAKEN
    AddressChange.objects.filter(pk=change.pk).update(confirmed_at=moment)
    erased.came_back(change.address)
    erased.moved(subscriber)
    Consent.objects.create(
        mailing_list_id=mailing_list_id,
        subscriber_id=subscriber.pk,
        action=Consent.Action.CHANGED,
        source=PAGE,
        detail={"changed": {"address": True}},
    )
    _end_pauses(subscriber.pk)
    ask(LetterKind.MOVED, subscriber.pk, mailing_list_id, address=subscriber.email)
    return Change.DONE


def forget_old() -> int:
    """Delete the changes that can neither be confirmed any more nor count against a limit; how many it were."""
    moment = timezone.now()
    deleted, _ = AddressChange.objects.filter(
        expires_at__lt=moment - GOOD_FOR, asked_at__lt=moment - WINDOW
    ).delete()
    return deleted


def _end_pauses(subscriber_id: int) -> None:
    """End the pauses because mail was refused: it was the old address that refused it."""
    paused = Subscription.objects.filter(subscriber_id=subscriber_id, paused_because=PauseReason.SOFT_BOUNCES)
    for subscription in paused.select_related("subscriber"):
        current = chosen.of(subscription, timezone.localdate())
        chosen.save(subscription, replace(current, paused_until=None), source=PAGE)
