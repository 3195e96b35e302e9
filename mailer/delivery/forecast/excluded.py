"""Why a candidate is excluded from a send, since when, and whether that still holds."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Value
from django.db.models.functions import Lower
from django.utils import timezone

from mailer.delivery.cadence import goes_out_at, in_the_way
from mailer.delivery.forecast.verdict import Explanation, Verdict
from mailer.delivery.forecast.wording import moment
from mailer.delivery.models import Batch, Delivery, Exclusion, ExclusionReason, Send
from subscribers.models import (
    Cadence,
    Consent,
    PauseReason,
    Subscriber,
    Subscription,
    Suppression,
    SuppressionReason,
    Topic,
)

_SUPPRESSIONS = {
    Exclusion.Reason.SUPPRESSED_COMPLAINT: Suppression.Reason.COMPLAINT,
    Exclusion.Reason.SUPPRESSED_BOUNCE: Suppression.Reason.BOUNCE,
    Exclusion.Reason.SUPPRESSED_INVALID: Suppression.Reason.INVALID,
    Exclusion.Reason.SUPPRESSED_UNSUBSCRIBE: Suppression.Reason.UNSUBSCRIBE,
    Exclusion.Reason.SUPPRESSED_MANUAL: Suppression.Reason.MANUAL,
}
_CADENCES = {
    Exclusion.Reason.EVERY_SECOND: Cadence.SECOND,
    Exclusion.Reason.MONTHLY: Cadence.MONTHLY,
}
_PAUSES = {
    Exclusion.Reason.PAUSED: PauseReason.ASKED,
    Exclusion.Reason.SOFT_BOUNCES: PauseReason.SOFT_BOUNCES,
}


@dataclass(frozen=True)
class _Proof:
    """What the store has on a reason. `holds`: whether it is so at this moment."""

    holds: bool
    since: datetime | None = None
    more: str = ""


def explain_exclusion(send: Send, subscriber: Subscriber, reason: ExclusionReason) -> Explanation:
    """Why somebody is excluded from a send, for the one reason that the ledger or the plan gives."""
    proof = _prove(send, subscriber, reason)
    text = f"{subscriber.email} does not get {send.issue}: {reason.label}"
    if proof.since:
        text += f", since {moment(proof.since)}"
    text += f" ({proof.more})." if proof.more else "."
    if send.planned_at and Exclusion.objects.filter(send=send, subscriber=subscriber, at_claim=True).exists():
        text += " That was found when the request was about to be made, after the plan."
    if not proof.holds:
        text += " That holds no more."
        if send.started_at:
            text += f" Who has not got it gets it with: mailer send {send.issue} --again"
    return Explanation(subscriber.email, Verdict.EXCLUDED, text, since=proof.since, reason=reason.value)


def _prove(send: Send, subscriber: Subscriber, reason: ExclusionReason) -> _Proof:
    if reason in _SUPPRESSIONS:
        return _suppressed(subscriber, _SUPPRESSIONS[reason])
    match reason:
        case Exclusion.Reason.ALREADY:
            return _already(send, subscriber)
        case Exclusion.Reason.NO_STORIES:
            return _no_stories(subscriber)
    subscription = Subscription.objects.filter(
        mailing_list=send.mailing_list_id, subscriber=subscriber
    ).first()
    if subscription is None:
        return _Proof(True, more="is on it no more")
    consents = Consent.objects.filter(mailing_list=send.mailing_list_id, subscriber=subscriber).order_by(
        "-at"
    )
    match reason:
        case Exclusion.Reason.UNSUBSCRIBED:
            left = consents.filter(action=Consent.Action.LEFT).first()
            holds = subscription.state == Subscription.State.UNSUBSCRIBED
            if left is None:
                return _Proof(holds, subscription.changed_at if holds else None, "no record says how")
            return _Proof(holds, left.at, f"by {left.source}")
        case Exclusion.Reason.UNCONFIRMED:
            asked = consents.filter(action=Consent.Action.SIGNED_UP).first()
            holds = subscription.state == Subscription.State.PENDING
            return _Proof(
                holds, more=f"signed up on {moment(asked.at if asked else subscription.created_at)}"
            )
    if reason in _CADENCES:
        return _out_of_turn(send, subscription, _CADENCES[reason])
    changed = consents.filter(action=Consent.Action.CHANGED, detail__changed__has_key="paused_until").first()
    until = subscription.paused_until if subscription.paused_because == _PAUSES[reason] else None
    return _Proof(
        holds=until is not None and until > timezone.now().date(),
        since=changed.at if changed else None,
        more=f"until {until.day} {until:%B %Y}" if until else "the pause was taken back",
    )


def _suppressed(subscriber: Subscriber, reason: SuppressionReason) -> _Proof:
    found = Suppression.objects.filter(address=Lower(Value(subscriber.email)), reason=reason).first()
    if found is None:
        return _Proof(False, more="it was suppressed then")
    return _Proof(True, found.created_at, found.detail)


def _already(send: Send, subscriber: Subscriber) -> _Proof:
    earlier = Delivery.objects.filter(
        send__issue=send.issue_id, send__lt=send.pk, subscriber=subscriber, rejected_because=None
    ).exclude(batch__state__in=[Batch.State.REJECTED, Batch.State.CANCELLED])
    found = earlier.select_related("batch").order_by("-send").first()
    if found is None:
        return _Proof(False)
    accepted = found.batch.state == Batch.State.ACCEPTED
    return _Proof(
        True,
        found.batch.changed_at if accepted else None,
        f"from send {found.send_id}" if accepted else f"of send {found.send_id} it is not known",
    )


def _out_of_turn(send: Send, subscription: Subscription, cadence: Cadence) -> _Proof:
    found = in_the_way(send, subscription.subscriber_id, cadence)
    return _Proof(
        holds=found is not None and subscription.cadence == cadence,
        more=f"{found.issue} from send {found.pk} of {moment(goes_out_at(found))}" if found else "",
    )


def _no_stories(subscriber: Subscriber) -> _Proof:
    names = Topic.objects.filter(pk__in=subscriber.topic_ids).order_by("name").values_list("name", flat=True)
    return _Proof(True, more=f"chose {', '.join(names)}" if names else "the topics chosen exist no more")
