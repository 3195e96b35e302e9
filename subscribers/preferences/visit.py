"""Somebody who followed the link of theirs."""

from dataclasses import dataclass, replace
from typing import Self

from subscribers.models import Subscription


@dataclass(frozen=True)
class Visit:
    """Whose link it is, to which list, and what it came with (see tokens.make)."""

    token: str
    subscription: Subscription
    origin: int

    @property
    def mailing_list_id(self) -> int:
        return self.subscription.mailing_list_id

    @property
    def subscriber_id(self) -> int:
        return self.subscription.subscriber_id

    def again(self) -> Self | None:
        """The same visit with what is stored now; None when there is nobody any more."""
        subscription = found(self.mailing_list_id, self.subscriber_id)
        return replace(self, subscription=subscription) if subscription else None


def found(mailing_list_id: int, subscriber_id: int) -> Subscription | None:
    """The subscription that a link is to; None when there is nobody any more."""
    return (
        Subscription.objects.select_related("subscriber", "mailing_list")
        .filter(mailing_list_id=mailing_list_id, subscriber_id=subscriber_id, subscriber__erased_at=None)
        .first()
    )
