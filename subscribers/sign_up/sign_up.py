"""Signing up: a pending subscription, the record of consent, and a letter to the owner of the address.

Anybody can type any address, so whatever it is, who signs up is told the same and the same work is done: a known
subscriber, one who left, a suppressed address differ in the letter alone, which only the owner of the address reads.
"""

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from subscribers.letters.ask import ask
from subscribers.models import (
    Consent,
    Letter,
    LetterKind,
    MailingList,
    PendingSignUp,
    Subscriber,
    Subscription,
    SubscriptionState,
)
from subscribers.person.find import subscribers_at
from subscribers.sign_up.form import Wanted
from subscribers.suppressing.find import is_suppressed

GOOD_FOR = timedelta(days=7)
"""How long the link in a confirmation mail works."""
REST = {LetterKind.CONFIRM: timedelta(hours=1), LetterKind.ALREADY: timedelta(days=1)}
"""How long after a letter the same person gets no other of its kind for the same list."""
A_DAY = timedelta(days=1)
MOST_A_DAY = 10
"""Letters of a kind to one person, from all lists together: so that nobody fills a stranger's mailbox."""


@transaction.atomic
def sign_up(mailing_list: MailingList, wanted: Wanted, *, source: str, network: str) -> None:
    """Take a sign-up, whatever is known of the address.

    Args:
        source: where it came from, for the record: "sign-up page", "form on https://www.example.org", …
        network: of the sender, truncated (see network.py).
    """
    moment = timezone.now()
    subscriber = _locked(wanted.email)
    subscription = _pending_at_least(mailing_list, subscriber, source)
    found = subscription.state
    suppressed = is_suppressed(subscriber.email)
    kind = LetterKind.ALREADY if found == SubscriptionState.ACTIVE else LetterKind.CONFIRM
    due = is_due(kind, mailing_list.pk, subscriber.pk, moment)
    expires = 0
    if found != SubscriptionState.ACTIVE:
        Subscription.objects.filter(pk=subscription.pk).update(
            state=SubscriptionState.PENDING, changed_at=moment
        )
        had_left = found == SubscriptionState.UNSUBSCRIBED
        pending = _set_aside(mailing_list, subscriber, wanted, had_left, renew=due or had_left, moment=moment)
        expires = int(pending.expires_at.timestamp())
    Consent.objects.create(
        subscriber=subscriber,
        mailing_list=mailing_list,
        action=Consent.Action.SIGNED_UP,
        source=source[:200],
        wording=wanted.wording,
        detail={"network": network}
        | ({"was": found} if found != SubscriptionState.PENDING else {})
        | recorded(wanted.chosen),
    )
    if due and not suppressed:
        ask(kind, subscriber.pk, mailing_list.pk, reference=expires or None)


def is_due(kind: LetterKind, mailing_list_id: int, subscriber_id: int, moment: datetime) -> bool:
    """Whether a person may get a letter of a kind for a list now. Their row has to be locked, or two may be due."""
    letters = Letter.objects.filter(kind=kind, subscriber_id=subscriber_id)
    recent = letters.filter(mailing_list_id=mailing_list_id, created_at__gt=moment - REST[kind])
    return not recent.exists() and letters.filter(created_at__gt=moment - A_DAY).count() < MOST_A_DAY


def new_expiry(moment: datetime, earlier: datetime | None = None) -> datetime:
    """When a link made now expires, in whole seconds, and at another second than an earlier link."""
    expires = moment.replace(microsecond=0) + GOOD_FOR
    return max(expires, earlier + timedelta(seconds=1)) if earlier else expires


def recorded(chosen: dict[str, object]) -> dict[str, object]:
    """What the record of consent says of the choices: topics and cadence; of all else that it was given, not what.

    The record cannot be erased; a name, or whatever somebody typed, must be.
    """
    said = {name: chosen[name] for name in ("topic_ids", "cadence", "language") if name in chosen}
    attributes = chosen.get("attributes", {})
    given = [name for name in ("first_name", "last_name") if name in chosen]
    given += sorted(attributes) if isinstance(attributes, dict) else []
    return said | ({"given": given} if given else {})


def _locked(email: str) -> Subscriber:
    """The subscriber with an address, new where there was none, so that sign-ups of one address wait for each other."""
    same = subscribers_at(email)
    while True:
        Subscriber.objects.bulk_create([Subscriber(email=email)], ignore_conflicts=True)
        # Not for its key: records that point to the row are written meanwhile.
        if found := same.select_for_update(no_key=True).first():
            return found
        # Whoever had the address was erased, or moved to another, between the two: now it is free.


def _pending_at_least(mailing_list: MailingList, subscriber: Subscriber, source: str) -> Subscription:
    Subscription.objects.bulk_create(
        [
            Subscription(
                mailing_list=mailing_list,
                subscriber=subscriber,
                state=SubscriptionState.PENDING,
                source=source[:200],
            )
        ],
        ignore_conflicts=True,
    )
    return Subscription.objects.select_for_update(no_key=True).get(
        mailing_list=mailing_list, subscriber=subscriber
    )


def _set_aside(
    mailing_list: MailingList,
    subscriber: Subscriber,
    wanted: Wanted,
    had_left: bool,
    *,
    renew: bool,
    moment: datetime,
) -> PendingSignUp:
    """Keep the choices until they are confirmed; the latest count.

    Args:
        renew: a new link is to be mailed, or links from before the person left must not work any more.
    """
    earlier = PendingSignUp.objects.filter(mailing_list=mailing_list, subscriber=subscriber).first()
    if earlier is None:
        # A link of a sign-up that is over must not open this one, were it made in the same second.
        letters = Letter.objects.filter(
            kind=LetterKind.CONFIRM, subscriber=subscriber, mailing_list=mailing_list
        )
        last = letters.aggregate(last=Max("reference"))["last"]
        return PendingSignUp.objects.create(
            mailing_list=mailing_list,
            subscriber=subscriber,
            chosen=wanted.chosen,
            wording=wanted.wording,
            had_left=had_left,
            expires_at=new_expiry(moment, last and datetime.fromtimestamp(last, UTC)),
        )
    earlier.chosen, earlier.wording = wanted.chosen, wanted.wording
    earlier.had_left = earlier.had_left or had_left
    if renew:
        earlier.expires_at = new_expiry(moment, earlier.expires_at)
    earlier.save(update_fields=["chosen", "wording", "had_left", "expires_at"])
    return earlier
