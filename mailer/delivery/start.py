"""The send of an issue, and letting it go out."""

import structlog
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from mailer.delivery.errors import DeliveryError
from mailer.delivery.models import Send
from mailer.delivery.sweep import sweep
from mailer.issues.models import Issue

log = structlog.get_logger()


class NotPlanned(DeliveryError):
    """A send was started before it was planned."""

    code = "not_planned"


def send_of(issue: Issue) -> Send:
    """The one send of an issue to its newsletter's list, made at first use.

    Two who ask at once get the same one, so an issue that is triggered twice goes out once.
    """
    with transaction.atomic():
        Issue.objects.select_for_update().get(pk=issue.pk)
        mailing_list = issue.newsletter.mailing_list
        send, _ = Send.objects.get_or_create(issue=issue, mailing_list=mailing_list)
    return send


def start(send: Send) -> bool:
    """Let a planned send go out, and hand out what is due.

    When the queue is away the send is started all the same: the sweeper hands it out when it is back.

    Returns: False when it had been started before; then this changed nothing.
    Raises:
        NotPlanned: there is nothing to hand out yet.
    """
    planned = Send.objects.filter(pk=send.pk).exclude(planned_at=None)
    started = planned.filter(started_at=None).update(started_at=timezone.now())
    if not started and not planned.exists():
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
    for rows in (send.deliveries, send.exclusions, send.batches, send.links, send.editions):
        rows.all().delete()
    send.delete()
    return True
