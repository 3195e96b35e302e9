"""Whose turn a send is, worked out person by person from the rows of the ledger, with nothing of the plan's own SQL."""

from datetime import datetime, timedelta

from mailer.delivery.cadence import goes_out_at
from mailer.delivery.models import Batch, Delivery, Send
from subscribers.models import Subscription

MONTH = timedelta(days=27)


def out_of_turn(send: Send) -> dict[int, str]:
    """Those on the list of a send that is to be planned whose cadence stands against it: the reason by id."""
    wanted = Subscription.objects.filter(mailing_list=send.mailing_list_id).values_list(
        "subscriber_id", "cadence"
    )
    planned = [each for each in Send.objects.exclude(planned_at=None).exclude(pk=send.pk) if not each.rolling]
    sends = [each for each in planned if each.mailing_list_id == send.mailing_list_id]
    theirs = {each.pk: _whose(each) for each in sends}
    found = {}
    for who, cadence in wanted:
        has = {each.pk for each in sends if who in theirs[each.pk]}
        if cadence == "second" and _has_a_neighbour(send, sends, has):
            found[who] = "every_second"
        elif cadence == "monthly" and _has_one_within_a_month(send, sends, has):
            found[who] = "monthly"
    return found


def _whose(send: Send) -> set[int]:
    """Who has a send, may have it, or waits for it."""
    whose: set[int] = set()
    for batch in Batch.objects.filter(send=send, state="waiting"):
        whose.update(batch.subscriber_ids)
    for delivery in Delivery.objects.filter(send=send).select_related("batch"):
        failed = (delivery.blocked_at or delivery.dropped_at) and not delivery.delivered_at
        refused = delivery.rejected_because is not None or delivery.batch.state in ("rejected", "cancelled")
        if failed or refused:
            whose.discard(delivery.subscriber_id)
        else:
            whose.add(delivery.subscriber_id)
    return whose


def _has_one_within_a_month(send: Send, sends: list[Send], has: set[int]) -> bool:
    first, _ = _place(send.issue_id, [*sends, send])
    return any(
        other.pk in has
        and other.issue_id != send.issue_id
        and first - goes_out_at(other) < MONTH
        and goes_out_at(other) - goes_out_at(send) < MONTH
        for other in sends
    )


def _has_a_neighbour(send: Send, sends: list[Send], has: set[int]) -> bool:
    """Go from the issue to each side, as far as the next one that went to the list."""
    issues = sorted(
        {each.issue_id for each in [*sends, send]}, key=lambda issue: _place(issue, [*sends, send])
    )
    for step in (-1, 1):
        at = issues.index(send.issue_id) + step
        while 0 <= at < len(issues):
            there = [each for each in sends if each.issue_id == issues[at]]
            if any(each.pk in has for each in there):
                return True
            if any(each.cancelled_at is None for each in there):
                break
            at += step
    return False


def _place(issue: int, sends: list[Send]) -> tuple[datetime, int]:
    """Where an issue stands among the others: when its first send went, or goes."""
    own = [each for each in sends if each.issue_id == issue]
    return min(map(goes_out_at, own)), min(each.pk for each in own)
