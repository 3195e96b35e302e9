"""The send of an issue, and letting it go out."""

from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError

from mailer.delivery.approval.check import check_approved
from mailer.delivery.audience import Audience, audience_of, write_audience
from mailer.delivery.errors import DeliveryError
from mailer.delivery.models import EditionLink, Send
from mailer.delivery.plan import Gone
from mailer.delivery.progress import progress
from mailer.delivery.schedule import BadSchedule, Schedule, schedule_of
from mailer.delivery.steer import count_lateness_from_now
from mailer.delivery.sweep import sweep
from mailer.delivery.variants import ABTest, test_of, write_test
from mailer.delivery.welcome import check_goes_to_list
from mailer.issues.models import Issue

log = structlog.get_logger()


class NotPlanned(DeliveryError):
    """A send was started before it was planned."""

    code = "not_planned"


class AlreadyStarted(DeliveryError):
    """A send was started, and can be arranged in another way no more."""

    code = "already_started"


class NotOver(DeliveryError):
    """Something of a send may still go out, so nobody can say who has not got it."""

    code = "not_over"


def send_of(
    issue: Issue,
    schedule: Schedule | None = None,
    test: ABTest | None = None,
    audience: Audience | None = None,
) -> Send:
    """The newest send of an issue to its newsletter's list, made at first use.

    Two who ask at once get the same one, so an issue that is triggered twice goes out once. A plan that was not
    started is given up for another schedule, test or audience.

    Args:
        schedule: when it goes out; None leaves it as it is, which is at once for a new one.
        test: the A/B test of its subject; None likewise.
        audience: whom on the list it is for; None likewise, which is everybody for a new one.
    Raises:
        AlreadyStarted: it was started with another schedule, test or audience.
        BadTest: the test cannot be made.
    """
    with transaction.atomic():
        send = _lock(issue).first()
        if send is not None and _differs(send, schedule, test, audience):
            if send.started_at:
                raise AlreadyStarted(
                    f"Send {send.pk} of {issue} was started already, {schedule_of(send)}, to {audience_of(send)}. To "
                    f"change it: mailer cancel {send.pk}, then mailer send {issue} --again."
                )
            previous = send.previous
            schedule, test = schedule or schedule_of(send), test or test_of(send)
            audience = audience or audience_of(send)
            discard(send)
            return make(issue, previous, schedule, test, audience)
        return send or make(issue, None, schedule or Schedule(), test, audience or Audience())


def again(issue: Issue, schedule: Schedule | None = None, audience: Audience | None = None) -> Send:
    """A further send of an issue, to those on the list who have not got it: who failed, or joined later.

    Whoever has it by the ledger of the earlier sends, or may have it, is excluded. It keeps the subject that won an
    A/B test. While it is not started, asking again gives the same one.

    Args:
        audience: whom on the list it is for; None keeps that of the send before it.
    Raises:
        NotOver: the send before it is not started, or something of it still waits or is under way.
        AlreadyStarted: see send_of.
    """
    with transaction.atomic():
        last = _lock(issue).first()
        if last is None:
            raise NotOver(f"{issue} was not sent yet: mailer send {issue}")
        if last.started_at is None:
            if last.previous_id is None:
                raise NotOver(f"Send {last.pk} of {issue} was not started yet: mailer send {issue}")
            return send_of(issue, schedule, audience=audience)
        check_over(last)
        kept = audience_of(last) if audience is None else audience
        return make(issue, last, schedule or Schedule(), None, kept)


def check_over(last: Send) -> None:
    """Raises NotOver where something of a send may still go out, so that none can follow it."""
    if progress(last).waiting:
        raise NotOver(
            f"Send {last.pk} of {last.issue} is not over: something of it still waits. When it is, or after "
            f"mailer cancel {last.pk}, send it again to those who have not got it."
        )


def renew(send: Send) -> Send:
    """A send that was not started, made anew as it was arranged, for the list that its newsletter has now.

    Returns: the new one, not planned; or the same where it was started meanwhile.
    Raises:
        BadSchedule: its moment is over.
        BadTest: the issue changed so that its test cannot be made any more.
    """
    with transaction.atomic():
        _lock(send.issue)
        previous, schedule, test = send.previous, schedule_of(send), test_of(send)
        audience = audience_of(send)
        if schedule.at and schedule.at <= timezone.now():
            raise BadSchedule(
                f"Send {send.pk} was planned to go {schedule}, which is over. Name another time, or forget the plan: "
                f"mailer cancel {send.pk}"
            )
        return make(send.issue, previous, schedule, test, audience) if discard(send) else send


def start(send: Send, by: Any = None) -> bool:
    """Let a planned send go out when its time comes, and hand out what is due.

    When the queue is away the send is started all the same: the sweeper hands it out when it is back.

    Args:
        by: the user who starts it; None from the command line.
    Returns: False when it had been started before; then this changed nothing.
    Raises:
        NotPlanned: there is nothing to hand out yet.
        Gone: somebody discarded it meanwhile.
        NotApproved: its newsletter wants an approval, and none holds for it.
    """
    with transaction.atomic():
        check_approved(send)
        planned = Send.objects.filter(pk=send.pk).exclude(planned_at=None)
        started = planned.filter(started_at=None).update(started_at=timezone.now(), started_by=by)
        if started:
            count_lateness_from_now(send.pk)
    if not started and not planned.exists():
        if not Send.objects.filter(pk=send.pk).exists():
            raise Gone(
                f"Send {send.pk} is there no more: somebody arranged it in another way meanwhile. Look at it: "
                f"mailer plan {send.issue} --dry-run"
            )
        raise NotPlanned(f"Send {send.pk} is not planned yet: plan it first.")
    try:
        sweep()
    except OperationalError as error:
        log.warning("queue_away", error=type(error).__name__)
    return bool(started)


@transaction.atomic
def discard(send: Send) -> bool:
    """Forget a send that was not started, so that it can be planned anew. Returns False when it was started."""
    if not Send.objects.select_for_update().filter(pk=send.pk, started_at=None).exists():
        return False
    EditionLink.objects.filter(edition__send=send).delete()
    for rows in (send.exclusions, send.batches, send.links, send.editions, send.variants, send.audience):
        rows.all().delete()
    send.delete()
    return True


def _lock(issue: Issue) -> QuerySet[Send]:
    """The sends of an issue, newest first; nobody else arranges one of them before the transaction ends.

    Raises:
        Welcomes: it is no issue for the whole list.
    """
    check_goes_to_list(issue)
    Issue.objects.select_for_update(no_key=True).get(pk=issue.pk)
    return Send.objects.filter(issue=issue).order_by("-id")


def _differs(send: Send, schedule: Schedule | None, test: ABTest | None, audience: Audience | None) -> bool:
    return (
        (schedule is not None and schedule != schedule_of(send))
        or (test is not None and test != test_of(send))
        or (audience is not None and audience != audience_of(send))
    )


def make(
    issue: Issue, previous: Send | None, schedule: Schedule, test: ABTest | None, audience: Audience
) -> Send:
    """A new send of an issue, not planned. Whoever makes one to stay holds the lock of the issue (see send_of)."""
    send = Send.objects.create(
        issue=issue,
        mailing_list=issue.newsletter.mailing_list,
        previous=previous,
        scheduled_at=schedule.at,
        local_date=schedule.local and schedule.local.date(),
        local_time=schedule.local and schedule.local.time(),
    )
    write_audience(send, audience)
    if test:
        write_test(send, test)
    elif previous and (won := previous.variants.filter(number=previous.winner or 0).first()):
        send.variants.create(number=0, subject=won.subject, preheader=won.preheader)
    return send
