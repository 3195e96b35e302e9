"""Joining one more list of the organisation, by somebody who holds a link from a mail to their address."""

from django.db import transaction
from django.utils import timezone

from subscribers.hold import hold
from subscribers.models import Consent, MailingList, PauseReason, Subscription, Wording
from subscribers.signals import confirmed


@transaction.atomic
def join(
    mailing_list: MailingList, subscriber_id: int, *, source: str, wording: Wording | None, via: int
) -> bool:
    """Put a subscriber on a list, at once, and record it. Their link is the proof that the address is theirs.

    A suppression of the address stays, and with it the address gets nothing.

    Args:
        mailing_list: one that is public.
        source: where they joined, for the record: "preferences page", …
        wording: what they read when they agreed.
        via: the list whose link they hold.
    Returns: True when this call did it, False when they were on the list, or are erased.
    """
    moment = timezone.now()
    if not hold(subscriber_id):
        return False
    subscription, made = Subscription.objects.get_or_create(
        mailing_list=mailing_list,
        subscriber_id=subscriber_id,
        defaults={"state": Subscription.State.ACTIVE, "source": source},
    )
    if not made:
        changed = (
            Subscription.objects.filter(pk=subscription.pk)
            .exclude(state=Subscription.State.ACTIVE)
            .update(
                state=Subscription.State.ACTIVE,
                # Who joins wants mail: neither an old pause nor old soft bounces stand against it.
                paused_until=None,
                paused_because=PauseReason.ASKED,
                changed_at=moment,
            )
        )
        if not changed:
            return False
    Consent.objects.create(
        mailing_list=mailing_list,
        subscriber_id=subscriber_id,
        action=Consent.Action.SIGNED_UP,
        source=source,
        wording=wording,
        detail={"link_of_list": via},
    )
    confirmed.send(sender=None, mailing_list_id=mailing_list.pk, subscriber_id=subscriber_id)
    return True
