"""Leaving a mailing list, or all of them, and saying why."""

from collections.abc import Mapping

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from subscribers.models import Consent, Remark, Subscription
from subscribers.signals import left
from subscribers.text import lines

LONGEST_REMARK = 1000
"""Characters."""


class Reason(models.TextChoices):
    """Why somebody leaves, as the pages offer it."""

    TOO_MANY = "too_many", _("Too many mails")
    NOT_FOR_ME = "not_for_me", _("The subjects are not for me")
    NEVER_ASKED = "never_asked", _("I never signed up")
    READ_ELSEWHERE = "read_elsewhere", _("I read it elsewhere")
    OTHER = "other", _("Something else")


@transaction.atomic
def leave(
    mailing_list_id: int,
    subscriber_id: int,
    *,
    source: str,
    origin: int = 0,
    reason: str = "",
    remark: str = "",
) -> bool:
    """Take a subscriber off a list, at once, and record it.

    Args:
        source: how they left, for the record: "one-click", "unsubscribe page", …
        origin: what they left from (see tokens.make).
        reason: why, for the record: one of Reason, or "".
        remark: why, in their own words. It does not go into the record, which stays, for it must be erasable.
    Returns: True when this call did it, False when they were off the list already or never on it.
    """
    moment = timezone.now()
    changed = (
        Subscription.objects.filter(mailing_list_id=mailing_list_id, subscriber_id=subscriber_id)
        .exclude(state=Subscription.State.UNSUBSCRIBED)
        .update(state=Subscription.State.UNSUBSCRIBED, changed_at=moment)
    )
    if not changed:
        # Who says so again means it: where an import had put them off, undoing it does not bring them back.
        Subscription.objects.filter(mailing_list_id=mailing_list_id, subscriber_id=subscriber_id).update(
            changed_at=moment
        )
        return False
    Consent.objects.create(
        mailing_list_id=mailing_list_id,
        subscriber_id=subscriber_id,
        action=Consent.Action.LEFT,
        source=source,
        detail=({"reason": reason} if reason else {}) | ({"origin": origin} if origin else {}),
    )
    _keep(remark, mailing_list_id, subscriber_id)
    left.send(sender=None, mailing_list_id=mailing_list_id, subscriber_id=subscriber_id, origin=origin)
    return True


@transaction.atomic
def leave_all(
    subscriber_id: int, *, source: str, via: int, origin: int = 0, reason: str = "", remark: str = ""
) -> list[int]:
    """Take a subscriber off every list they are on, each with a record of its own.

    Args:
        via: the list whose link they followed: the origin is in its numbering, and the remark is kept with it.
        source, origin, reason, remark: as of leave.
    Returns: the lists that this call took them off.
    """
    on = (
        Subscription.objects.filter(subscriber_id=subscriber_id)
        .order_by("mailing_list_id")
        .values_list("mailing_list_id", flat=True)
    )
    gone = [
        number
        for number in on
        if leave(number, subscriber_id, source=source, origin=origin if number == via else 0, reason=reason)
    ]
    if gone:
        _keep(remark, via, subscriber_id)
    return gone


@transaction.atomic
def say_why(mailing_list_id: int, subscriber_id: int, *, source: str, reason: str, remark: str) -> bool:
    """Note why somebody left a list, after they did, once for each time.

    Args:
        source, reason, remark: as of leave; at least one of the latter two.
    Returns: False when they are on the list, nothing was said, or something was already; nothing is written then.
    """
    gone = (
        Subscription.objects.select_for_update()
        .filter(
            mailing_list_id=mailing_list_id,
            subscriber_id=subscriber_id,
            state=Subscription.State.UNSUBSCRIBED,
        )
        .exists()
    )
    if not gone or not (reason or remark) or has_said_why(mailing_list_id, subscriber_id):
        return False
    Consent.objects.create(
        mailing_list_id=mailing_list_id,
        subscriber_id=subscriber_id,
        action=Consent.Action.CHANGED,
        source=source,
        detail={"reason": reason or Reason.OTHER},
    )
    _keep(remark, mailing_list_id, subscriber_id)
    return True


def has_said_why(mailing_list_id: int, subscriber_id: int) -> bool:
    """Whether somebody gave a reason for leaving a list, the last time that they did."""
    records = Consent.objects.filter(mailing_list_id=mailing_list_id, subscriber_id=subscriber_id)
    leaving = records.filter(action=Consent.Action.LEFT).order_by("-id").first()
    since = records.filter(pk__gte=leaving.pk) if leaving else records
    return since.filter(detail__has_key="reason").exists()


def said(form: Mapping[str, str]) -> dict[str, str]:
    """Reason and remark in a form that somebody sent; what cannot be understood is none, and keeps nobody."""
    reason = form.get("reason", "")
    return {
        "reason": reason if reason in Reason.values else "",
        "remark": lines(form.get("remark", ""))[:LONGEST_REMARK],
    }


def _keep(remark: str, mailing_list_id: int, subscriber_id: int) -> None:
    if remark:
        Remark.objects.create(mailing_list_id=mailing_list_id, subscriber_id=subscriber_id, text=remark)
