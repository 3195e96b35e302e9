"""Why somebody gets a send, or does not: the answer for one person, in a sentence or two."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Value
from django.db.models.functions import Lower
from django.utils import timezone

from mailer.delivery.audience import Audience, audience_of, predicate
from mailer.delivery.forecast.delivered import explain_delivery, stories_of
from mailer.delivery.forecast.excluded import explain_exclusion
from mailer.delivery.forecast.foreseen import Foreseen, foreseen
from mailer.delivery.forecast.verdict import Explanation, Verdict
from mailer.delivery.forecast.wording import REJECTED, moment
from mailer.delivery.models import Exclusion, Send
from subscribers.models import Subscriber, Subscription, Suppression


def explain(send: Send, address: str) -> Explanation:
    """Why an address gets a send or not: from the ledger when it is planned, else as it would be planned now.

    Args:
        address: as somebody typed it; case does not matter.
    Raises:
        BuildError: the send is not planned and its issue cannot be rendered.
    """
    with foreseen(send) as who:
        return explain_among(who, address)


def explain_among(who: Foreseen, address: str) -> Explanation:
    """Why an address gets a send or not, among the people of that send."""
    address = address.strip().replace("\0", "\ufffd")
    subscriber = Subscriber.objects.alias(key=Lower("email")).filter(key=Lower(Value(address))).first()
    if subscriber is None:
        return _nobody(address)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT reason, edition, in_test, due_at FROM ({who.sql}) who WHERE subscriber_id = %(subscriber)s",
            {**who.values, "subscriber": subscriber.pk},
        )
        found = cursor.fetchone()
    if found is None:
        return _off_the_list(who.send, subscriber)
    reason, edition, in_test, due_at = found
    if reason not in (None, REJECTED, Exclusion.Reason.CANCELLED):
        return explain_exclusion(who.send, subscriber, Exclusion.Reason(reason))
    if who.send.planned_at is not None:
        return explain_delivery(who.send, subscriber)
    return _would_get(who, subscriber, edition, in_test, due_at)


def _nobody(address: str) -> Explanation:
    text = f"Nobody in the store has the address {address}. Check how it is written."
    suppressed = Suppression.objects.filter(address=Lower(Value(address))).order_by("created_at").first()
    if suppressed is None:
        return Explanation(address, Verdict.NO_SUBSCRIBER, text)
    since = moment(suppressed.created_at)
    text += f" It is suppressed since {since} ({suppressed.get_reason_display()}), so it would get nothing either."
    return Explanation(address, Verdict.NO_SUBSCRIBER, text, since=suppressed.created_at)


def _off_the_list(send: Send, subscriber: Subscriber) -> Explanation:
    there = Subscription.objects.filter(mailing_list=send.mailing_list_id, subscriber=subscriber).first()
    if there is None:
        text = f"{subscriber.email} is not on the list {send.mailing_list}, which {send.issue} goes to."
        return Explanation(subscriber.email, Verdict.NOT_ON_LIST, text)
    joined, planned = moment(there.created_at), moment(send.planned_at or there.created_at)
    audience = audience_of(send)
    if audience.rolling:
        text = (
            f"{subscriber.email} has not confirmed a subscription since {planned}, when {send.issue} began to welcome "
            "those who do. It is sent to nobody else."
        )
        return Explanation(subscriber.email, Verdict.NOT_IN_AUDIENCE, text)
    if not _is_in(audience, send, subscriber):
        text = (
            f"{subscriber.email} is on the list {send.mailing_list}, but not in the audience of {send.issue}: it goes to "
            f"{audience}."
        )
        return Explanation(subscriber.email, Verdict.NOT_IN_AUDIENCE, text)
    if audience.parts and send.planned_at and there.created_at < send.planned_at:
        text = (
            f"{subscriber.email} was not in the audience of {send.issue} when send {send.pk} was planned on "
            f"{moment(send.planned_at)}, and would be now: it goes to {audience}.{_again(send)}"
        )
        return Explanation(subscriber.email, Verdict.NOT_IN_AUDIENCE, text)
    text = (
        f"{subscriber.email} joined the list {send.mailing_list} on {joined}, after send {send.pk} was planned on "
        f"{planned}.{_again(send)}"
    )
    return Explanation(subscriber.email, Verdict.NOT_ON_LIST, text, since=there.created_at)


def _is_in(audience: Audience, send: Send, subscriber: Subscriber) -> bool:
    """Whether somebody is in an audience by what is known of them now."""
    asked = predicate(audience, send.planned_at or timezone.now(), few=True)
    values: dict[str, Any] = {**asked.params, "subscriber": subscriber.pk}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {asked.sql} FROM subscribers_subscriber subscriber WHERE id = %(subscriber)s", values
        )
        return bool(cursor.fetchone()[0])


def _again(send: Send) -> str:
    if not send.started_at:
        return ""
    return f" When it is over, who has not got it gets it with: mailer send {send.issue} --again"


def _would_get(
    who: Foreseen, subscriber: Subscriber, edition: int, in_test: bool, due_at: datetime | None
) -> Explanation:
    story_ids, variant = who.editions[edition]
    when = moment(due_at) if due_at else "as soon as the send is started"
    text = f"{subscriber.email} gets {who.send.issue} with {stories_of(who.send, story_ids)}, {when}."
    if in_test:
        text += f" They are among those on whom variant {variant} of the A/B test is tried."
    elif who.send.test_share:
        text += " They get the winner of the A/B test, when it is chosen."
    return Explanation(subscriber.email, Verdict.WILL_GET, text, since=due_at)
