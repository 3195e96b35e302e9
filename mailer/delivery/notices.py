"""Telling a newsletter's owner what they have to know: written down first, shown on the send's page, mailed once.

A notice is marked as mailed before its request leaves, and the mark is taken back only where the request is proven
not accepted. So a crash costs a mail at worst; it never doubles one.
"""

from datetime import datetime, timedelta
from urllib.parse import urljoin

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from mailer.delivery.forecast.wording import printable
from mailer.delivery.models import Notice, Send
from mailer.delivery.steer import pause
from mailer.sendgrid.client import SendGrid
from mailer.sendgrid.errors import PayloadError
from mailer.sendgrid.outcome import Accepted, Unknown, classify
from mailer.sendgrid.payload import Message, RecipientParts, body, compile_message

log = structlog.get_logger()

ATTEMPTS = (timedelta(0), *(timedelta(minutes=minutes) for minutes in (1, 5, 20, 60)))
"""How long after it was written a notice is tried for the first time, the second …; after the last it is only shown."""
STALE = timedelta(days=1)
"""What is older is not mailed any more: an owner who is entered today is not told of last month."""
SUBJECTS = {
    "guard": "has paused itself",
    "refused": "has paused itself",
    "held": "is held",
    "winner": "has its winner",
    "report": "is a day old",
}
"""By kind; all others need attention."""
ATTENTION = "needs attention"
LONGEST_SUBJECT = 200


def notify(
    send_id: int | None,
    kind: str,
    text: str,
    *,
    newsletter_id: int | None = None,
    subject: str = "",
    html: str = "",
    page: str = "",
    to: str = "",
) -> Notice:
    """Write down something that the owner of a newsletter has to know.

    Args:
        send_id: the send that it is about; None: it is about the newsletter with `newsletter_id`.
        kind: what it is about, one word: guard, refused, held, complaints, bounces, authentication, blocklist,
            errors, winner, welcome, alert, report, approval.
        text: in plain words: what happened, with numbers, and what to do.
        subject: of the mail, whole; "" makes one from newsletter, send and kind.
        html: the mail once more as HTML that shows all that `text` says, escaped and without anything loaded from
            elsewhere; "" for mail that is text only.
        page: path on this site that says more, such as "/staff/…"; "" for the page of the send.
        to: whom its mail goes to; "" for the owner.
    """
    notice = Notice.objects.create(
        send_id=send_id,
        newsletter_id=newsletter_id,
        kind=kind,
        text=text,
        subject=_one_line(subject)[:LONGEST_SUBJECT],
        html=html,
        page=page,
        to=to,
    )
    log.info("notice_written", notice=notice.pk, send=send_id, newsletter=newsletter_id, kind=kind)
    return notice


def pause_and_tell(send_id: int, kind: str, text: str) -> bool:
    """Pause a send by itself, and write down for the owner why: once, too, where it came with the last request and
    nothing is left to pause. Returns False when it was not paused.

    Args: see notify.
    """
    with transaction.atomic():
        paused = pause(send_id, text)
        over = Send.objects.filter(pk=send_id, paused_at=None, cancelled_at=None)
        if paused or over.exclude(notices__kind=kind).exists():
            notify(send_id, kind, text)
    if paused:
        log.error("send_paused", send=send_id, kind=kind)
    return paused


def mail_notices(client: SendGrid, now: datetime | None = None, limit: int = 20) -> int:
    """Mail what was not mailed yet to the owners of the newsletters that have one.

    Args:
        limit: notices in one go.
    Returns: how many were handed to SendGrid.
    """
    moment = now or timezone.now()
    waiting = Notice.objects.filter(
        mailed_at=None, attempts__lt=len(ATTEMPTS), created_at__gt=moment - STALE
    ).exclude(Q(send__issue__newsletter__owner_email="") | Q(newsletter__owner_email=""), to="")
    mailed = 0
    for notice in waiting.select_related("send__issue__newsletter", "newsletter").order_by("id")[:limit]:
        if moment >= notice.created_at + ATTEMPTS[notice.attempts]:
            mailed += _mail(client, notice)
    return mailed


def _mail(client: SendGrid, notice: Notice) -> bool:
    this = Notice.objects.filter(pk=notice.pk)
    if not this.filter(mailed_at=None, attempts=notice.attempts).update(
        mailed_at=timezone.now(), attempts=notice.attempts + 1
    ):
        return False  # somebody else has it
    try:
        request = _request(notice)
    except PayloadError as error:
        this.update(mailed_at=None, attempts=len(ATTEMPTS))
        log.error("notice_cannot_be_mailed", notice=notice.pk, send=notice.send_id, code=error.code)
        return False
    outcome = classify(client.send_mail(request))
    # What is unknown may have arrived: it stays mailed.
    mailed = isinstance(outcome, Accepted | Unknown)
    if not mailed:
        this.update(mailed_at=None)
    log.info(
        "notice_mailed" if mailed else "notice_not_mailed",
        notice=notice.pk,
        send=notice.send_id,
        outcome=type(outcome).__name__.lower(),
    )
    return mailed


def _request(notice: Notice) -> bytes:
    """The JSON of its mail. It carries no id of a submission: its events are about no delivery."""
    newsletter = notice.whose
    title = _one_line(newsletter.name)
    subject = f"[{title}] {title} {SUBJECTS.get(notice.kind, ATTENTION)}"
    more, path = "More", notice.page
    if notice.send:
        subject = f"[{title}] send {notice.send_id} {SUBJECTS.get(notice.kind, ATTENTION)}"
        more = f"Send {notice.send_id}, issue {notice.send.issue}"
        path = path or reverse("staff:send", args=[notice.send_id])
    link = f"\n\n{more}: {urljoin(settings.PUBLIC_URL, path)}" if path else ""
    standing = f"one of those who approve for {title}" if notice.to else f"the owner of {title}"
    lines = (
        f"{notice.text}{link}\n",
        f"You get this because your address stands in mailer as {standing}.\n",
    )
    message = Message(
        from_email=newsletter.from_email,
        from_name=newsletter.from_name,
        subject=notice.subject or subject,
        text="\n".join(lines),
        html=notice.html,
        categories=("notice",),
        custom_args={"mailer_notice": str(notice.pk)},
        click_tracking=False,
        open_tracking=False,
    )
    return body(compile_message(message), RecipientParts([notice.to or newsletter.owner_email], [""]))


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))
