"""Where the delivery to one person stands, and what was heard of it."""

from collections.abc import Iterable

from django.utils import timezone

from mailer.delivery.forecast.verdict import Explanation, Verdict
from mailer.delivery.forecast.wording import moment
from mailer.delivery.models import Batch, Delivery, Send, Submission
from mailer.issues.models import Story
from subscribers.models import Subscriber

NAMED = 3
"""Stories that are named by their headlines."""


def stories_of(send: Send, story_ids: Iterable[int]) -> str:
    """Some stories of a send's issue, in words."""
    headlines = list(
        Story.objects.filter(pk__in=list(story_ids)).order_by("position").values_list("headline", flat=True)
    )
    named = ", ".join(f"“{headline}”" for headline in headlines[:NAMED])
    more = len(headlines) - NAMED
    return f"{named} and {more} more" if more > 0 else named


def explain_delivery(send: Send, subscriber: Subscriber) -> Explanation:
    """Where the delivery of a planned send to one of its recipients stands."""
    delivery = (
        Delivery.objects.select_related("batch__edition").filter(send=send, subscriber=subscriber).first()
    )
    batch = delivery.batch if delivery else _waiting(send, subscriber)
    address = subscriber.email
    submission = Submission.objects.filter(pk=batch.submission_id).first() if batch.submission_id else None
    said = submission.reason if submission else ""
    answered = (submission.finished_at or submission.started_at) if submission else batch.changed_at
    if delivery and delivery.rejected_because is not None:
        text = f"{address} was refused: {delivery.rejected_because}. The others of the request were not."
        return Explanation(address, Verdict.REJECTED, text)
    match Batch.State(batch.state):
        case Batch.State.WAITING:
            text = f"{address} gets {send.issue} with {stories_of(send, batch.issue_edition.story_ids)}. "
            return Explanation(address, Verdict.WILL_GET, text + _when(send, batch, said), since=batch.due_at)
        case Batch.State.SUBMITTING:
            text = (
                f"The request with {address} was made on {moment(batch.changed_at)}, and is not answered yet."
            )
            return Explanation(address, Verdict.UNDER_WAY, text, since=batch.changed_at)
        case Batch.State.ACCEPTED:
            stories = stories_of(send, batch.issue_edition.story_ids)
            text = f"SendGrid accepted {send.issue} with {stories} for {address} on {moment(answered)}. "
            return Explanation(
                address, Verdict.ACCEPTED, text + (_heard(delivery) if delivery else ""), since=answered
            )
        case Batch.State.REJECTED:
            text = f"SendGrid refused the request with {address} on {moment(answered)}: {said}"
            return Explanation(address, Verdict.REJECTED, text, since=answered)
        case Batch.State.UNKNOWN:
            text = (
                f"It is not known whether SendGrid took the request with {address} on {moment(answered)}: {said}. "
                "An event or SendGrid's logs settle it; whoever knows better settles it with: "
                f"mailer settle {batch.submission_id}"
            )
            return Explanation(address, Verdict.UNKNOWN, text, since=answered)
        case Batch.State.CANCELLED:
            on = f" on {moment(send.cancelled_at)}" if send.cancelled_at else ""
            text = (
                f"{address} did not get {send.issue}: the send was cancelled{on}, before their request was made "
                f"({send.cancelled_because}). Who has not got it gets it with: mailer send {send.issue} --again"
            )
            return Explanation(address, Verdict.CANCELLED, text, since=send.cancelled_at)


def _waiting(send: Send, subscriber: Subscriber) -> Batch:
    """The batch of somebody whose delivery is not written yet."""
    return send.batches.select_related("edition").get(subscriber_ids__contains=[subscriber.pk])


def _when(send: Send, batch: Batch, said: str) -> str:
    if send.started_at is None:
        at = f" on {moment(batch.due_at)}" if batch.due_at > timezone.now() else ""
        return f"It goes out{at} when the send is started: mailer send {send.issue}"
    if send.paused_at:
        return f"The send is paused since {moment(send.paused_at)}: {send.paused_because} Then: mailer resume {send.pk}"
    if send.test_share and send.winner is None and not batch.in_test:
        return "It waits until the winner of the A/B test is chosen."
    if batch.due_at <= timezone.now():
        return "It is due, and waits for a worker."
    tried = f" SendGrid did not take it before: {said}." if batch.attempts and said else ""
    return f"It is due on {moment(batch.due_at)}.{tried}"


def _heard(delivery: Delivery) -> str:
    """What SendGrid reported of it since: the worst that happened, or that it arrived."""
    why = ", ".join(filter(None, (delivery.bounce_class, delivery.refusal_status)))
    because = f" ({why})" if why else ""
    complained = (
        f" They reported it as spam on {moment(delivery.complained_at)}." if delivery.complained_at else ""
    )
    if delivery.bounced_at:
        return f"It bounced for good on {moment(delivery.bounced_at)}{because}."
    if delivery.delivered_at:
        return f"It was delivered on {moment(delivery.delivered_at)}.{complained}"
    if delivery.dropped_at:
        return f"SendGrid did not try to deliver it, on {moment(delivery.dropped_at)}{because}."
    if delivery.blocked_at:
        return f"Their mail server refused it this time, on {moment(delivery.blocked_at)}{because}."
    if delivery.deferred_at:
        return f"Their mail server put it off on {moment(delivery.deferred_at)}; SendGrid tries on."
    return f"Nothing was heard of it since.{complained}"
