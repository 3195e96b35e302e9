"""Arranging a send exactly as somebody wants it, looking at what it would come to, and letting it go as it was looked at."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from mailer.delivery.approval.check import why_not
from mailer.delivery.approval.errors import ChangedMeanwhile, NotApproved
from mailer.delivery.approval.matter import matter_of
from mailer.delivery.approval.state import state_of
from mailer.delivery.audience import Audience, audience_of
from mailer.delivery.forecast.dry_run import undone
from mailer.delivery.models import Send
from mailer.delivery.plan import plan
from mailer.delivery.schedule import Schedule, schedule_of
from mailer.delivery.start import (
    AlreadyStarted,
    NotOver,
    again,
    check_over,
    discard,
    make,
    renew,
    send_of,
    start,
)
from mailer.delivery.variants import ABTest, test_of
from mailer.delivery.welcome import check_goes_to_list
from mailer.issues.models import Issue

FRESH = timedelta(minutes=1)
"""A plan that is as young is taken as it is: who presses a button twice gets the same send."""
TOLERANCE = 1_000
"""One in so many people more or less than was shown goes out all the same: on a large list somebody always comes or
leaves while a person reads. With fewer people on it any difference stops the send."""


@dataclass(frozen=True)
class Arrangement:
    """How an issue is to go out. `again`: only to those who have not got it from an earlier send."""

    audience: Audience = field(default_factory=Audience)
    schedule: Schedule = field(default_factory=Schedule)
    test: ABTest | None = None
    again: bool = False


def arrangement_of(send: Send) -> Arrangement:
    """How a send is arranged."""
    return Arrangement(audience_of(send), schedule_of(send), test_of(send), send.previous_id is not None)


def newest(issue: Issue) -> Send | None:
    """The newest send of an issue, if it has one."""
    sends = Send.objects.select_related("issue__newsletter", "mailing_list").filter(issue=issue)
    return sends.order_by("-id").first()


def arrange(issue: Issue, wanted: Arrangement) -> Send:
    """The send of an issue as it is wanted: the one there is, or one that is made in its place.

    Unlike `send_of` it takes nothing over from what was arranged before.

    Raises:
        BadTest: the test cannot be made.
        AlreadyStarted, NotOver, Welcomes: see start.send_of and start.again.
    """
    with transaction.atomic():
        check_goes_to_list(issue)
        Issue.objects.select_for_update(no_key=True).get(pk=issue.pk)
        send = newest(issue)
        if send and send.started_at is None and not _is_as(send, wanted):
            discard(send)
        if wanted.again:
            return again(issue, wanted.schedule, wanted.audience)
        return send_of(issue, wanted.schedule, wanted.test, wanted.audience)


@contextmanager
def looked_at(issue: Issue, wanted: Arrangement) -> Iterator[Send]:
    """The send of an issue as it is wanted, not planned, for as long as the block runs. Nothing of it is written.

    The issue is not locked meanwhile: others go on writing it.

    Raises:
        BadTest: the test cannot be made.
        AlreadyStarted: it was started, and is not wanted for those who have not got it.
        NotOver: the send before it is not over.
        Welcomes: it is no issue for the whole list.
    """
    check_goes_to_list(issue)
    with undone():
        last = newest(issue)
        if last and last.started_at is None:
            if last.planned_at is None and _is_as(last, wanted):
                yield last
                return
            previous = last.previous
            discard(last)
            last = previous
        if last and not wanted.again:
            raise AlreadyStarted(f"Send {last.pk} of {issue} was started already: it goes out once.")
        if wanted.again:
            if last is None:
                raise NotOver(f"{issue} was not sent yet, so there is nobody who has not got it.")
            check_over(last)
        yield make(issue, last, wanted.schedule, wanted.test, wanted.audience)


def go(issue: Issue, wanted: Arrangement, by: Any, *, fingerprint: str, recipients: int) -> tuple[Send, bool]:
    """Plan and start a send that somebody confirmed, if it is still what they saw.

    Whoever confirms it once more, or at the same time, gets the same send: it goes out once.

    Args:
        by: the user who confirmed it.
        fingerprint: of content and audience as they saw them.
        recipients: how many people they saw get it.
    Returns: the send, and whether this call started it.
    Raises:
        ChangedMeanwhile: content or audience are others now, or another number of people gets it.
        NotApproved: its newsletter wants an approval, and none holds for it.
        BuildError, LintBlocks, BadAudience, BadNewsletter, Gone: see plan.plan.
    """
    with transaction.atomic():  # what is not as it was seen is not arranged either
        send = arrange(issue, wanted)
        if send.started_at:
            return send, False
        if send.planned_at and not _is_fresh(send):
            send = renew(send)
        planned = plan(send)
        if send.fingerprint != fingerprint:
            raise ChangedMeanwhile(
                f"{issue}, or the rules of its audience, were changed while you looked at it. Nothing was sent: look "
                "at it as it is now."
            )
        if abs(planned.recipients - recipients) > recipients // TOLERANCE:
            raise ChangedMeanwhile(
                f"{planned.recipients:,} people would get it now, and you confirmed {recipients:,}. Nothing was sent: "
                "look at who they are, and confirm it again."
            )
        state = state_of(issue, matter_of(send))
        if state.blocks:
            raise NotApproved(why_not(issue, state))
    return send, start(send, by)


def _is_as(send: Send, wanted: Arrangement) -> bool:
    """Whether a send that is not started is arranged so, for the list that its newsletter has now, and with the
    issue's own subject as it is now."""
    of_list = send.mailing_list_id == send.issue.newsletter.mailing_list_id
    own = send.variants.filter(number=0).first() if send.test_share else None
    as_written = own is None or (own.subject, own.preheader) == (send.issue.subject, send.issue.preheader)
    return of_list and as_written and arrangement_of(send) == wanted


def _is_fresh(send: Send) -> bool:
    young = send.planned_at is not None and timezone.now() - send.planned_at < FRESH
    return young and send.fingerprint == matter_of(send).fingerprint
