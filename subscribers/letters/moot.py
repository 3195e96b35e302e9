"""Whether a letter is still to be sent at the moment it would leave: much may have happened since it was asked for.

Suppressed addresses, kind by kind:

- An address that does not exist gets nothing: a bounce or an invalid address is final, whatever was asked for.
- Whoever complained, or was barred by staff, gets no mail that anybody can call for by typing an address into a form:
  confirmations and links. Each would be one more complaint.
- Whoever asked to get nothing at all gets no confirmation either: only staff lift that, so it would lead nowhere. The
  link to their preferences they get, which tell them so.
- Whoever asks for their data or for erasure gets the link even after a complaint: the law gives them both, and
  neither mail says a word more than that.
"""

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from subscribers.models import (
    AddressChange,
    Letter,
    LetterKind,
    PendingSignUp,
    Subscription,
    SuppressionReason,
    gravest,
)
from subscribers.privacy import erased
from subscribers.suppressing.find import suppressions_of

KEPT = timedelta(days=2)
"""A letter that could not leave for so long is not sent any more: nobody waits for it. A confirmation is kept as long as
its link is good."""

_NOWHERE = {SuppressionReason.BOUNCE, SuppressionReason.INVALID}
_UNWANTED = _NOWHERE | {SuppressionReason.COMPLAINT, SuppressionReason.MANUAL}
STOPPED_BY = {
    LetterKind.CONFIRM: _UNWANTED | {SuppressionReason.UNSUBSCRIBE},
    LetterKind.ALREADY: _UNWANTED | {SuppressionReason.UNSUBSCRIBE},
    LetterKind.ADDRESS: _UNWANTED | {SuppressionReason.UNSUBSCRIBE},
    LetterKind.MOVED: _UNWANTED,
    LetterKind.LINK: _UNWANTED,
    LetterKind.EXPORT: _NOWHERE,
    LetterKind.ERASE: _NOWHERE,
}
"""By kind: the reasons for which an address is suppressed that stop a letter to it."""


def why_moot(letter: Letter, now: datetime | None = None) -> str | None:
    """Why a letter is not to be sent any more; None where it is. The words name nobody, so they may be logged."""
    moment = now or timezone.now()
    kind, subscriber = LetterKind(letter.kind), letter.subscriber
    if subscriber.erased_at is not None:
        return "the person was erased"
    if kind != LetterKind.CONFIRM and letter.created_at < moment - KEPT:
        return "it was asked for too long ago"
    address = address_of(letter)
    reasons = suppressions_of(address).values_list("reason", flat=True)
    stopping = STOPPED_BY[kind] & {*reasons, erased.suppressed(address)}
    if stopping:
        return f"the address is suppressed: {SuppressionReason(gravest(stopping)).label}"
    return _overtaken(letter, moment)


def address_of(letter: Letter) -> str:
    """Where a letter goes: to an address of its own, or to the subscriber's as it is now."""
    return letter.address or letter.subscriber.email


def expires_at(letter: Letter) -> datetime:
    """Until when the link of a CONFIRM letter is good: it opens the sign-up that says the same."""
    return datetime.fromtimestamp(letter.reference or 0, UTC)


def change_of(letter: Letter) -> AddressChange | None:
    """The address change that an ADDRESS letter is about, where it can still be confirmed: only the newest can."""
    newest = AddressChange.objects.filter(subscriber_id=letter.subscriber_id).order_by("-id").first()
    return newest if newest and newest.pk == letter.reference and newest.confirmed_at is None else None


def _overtaken(letter: Letter, moment: datetime) -> str | None:
    """Whether what it was asked for has come about, or is over, since."""
    where = {"subscriber_id": letter.subscriber_id, "mailing_list_id": letter.mailing_list_id}
    match LetterKind(letter.kind):
        case LetterKind.CONFIRM:
            end = expires_at(letter)
            if end <= moment or not PendingSignUp.objects.filter(**where, expires_at=end).exists():
                return "the sign-up was confirmed, has expired, or there is a newer one"
        case LetterKind.ADDRESS:
            change = change_of(letter)
            if change is None or change.expires_at <= moment:
                return "the change was confirmed, has expired, or there is a newer one"
        case LetterKind.ALREADY:
            if not Subscription.objects.filter(**where, state=Subscription.State.ACTIVE).exists():
                return "the subscription is not active any more"
    return None
