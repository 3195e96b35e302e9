"""The welcome issue: whoever confirms a subscription gets it, once for ever.

It goes out in a rolling send: one that is started from the beginning and plans nobody. Each confirmation adds, in one
transaction, one candidate and either one batch or one exclusion, so the ledger adds up at every moment, and the claim,
the report and all promises are those of any send. What speaks against a person is asked at the claim, as ever.

An issue is either sent to the list or welcomes: its people are counted in one send.
"""

from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from mailer.delivery import models
from mailer.delivery.editions import build_editions, row_of
from mailer.delivery.errors import DeliveryError
from mailer.delivery.models import Batch, Delivery, Exclusion, Notice, Send
from mailer.delivery.notices import notify
from mailer.delivery.places import write_places
from mailer.delivery.plan import LintBlocks
from mailer.issues.builder.content import BuildError, Edition
from mailer.issues.content import content_of
from mailer.issues.models import Issue, Newsletter
from subscribers.models import Subscriber, Topic

log = structlog.get_logger()

TELL_AGAIN = timedelta(days=1)
"""How long the owner of a newsletter whose welcome issue cannot be sent is not told again."""


class NoWelcome(DeliveryError):
    """An issue cannot be the welcome issue, or nobody can be welcomed with it at the moment."""

    code = "no_welcome"


class Welcomes(DeliveryError):
    """An issue that welcomes people was to be sent to the whole list."""

    code = "welcomes"


@transaction.atomic
def welcome(newsletter: Newsletter, subscriber_id: int) -> bool:
    """Add a subscriber to the rolling send of a newsletter's welcome issue.

    Whoever was left out of it before, because they left or chose topics without a story, say, gets it when they
    confirm again. Where the issue cannot be sent, the newsletter's owner is told, and nobody is added.

    Returns: False when they have it, may have it or are to get it already, it was cancelled, or it cannot be sent.
    """
    send = _rolling_send(newsletter)
    if send.cancelled_at is not None or _is_in(send, subscriber_id):
        return False
    subscriber = Subscriber.objects.get(pk=subscriber_id)
    try:
        _check_list(send, newsletter)
        edition = _build(send.issue, tuple(subscriber.topic_ids))
    except (NoWelcome, BuildError, LintBlocks) as error:
        _tell(send, str(error))
        return False
    known, _ = Exclusion.objects.filter(send=send, subscriber_id=subscriber_id).delete()
    if edition is None:
        Exclusion.objects.create(send=send, subscriber_id=subscriber_id, reason=Exclusion.Reason.NO_STORIES)
    else:
        domain = subscriber.email.lower().rpartition("@")[2]
        Batch.objects.create(
            send=send,
            edition=_keep(send, edition),
            subscriber_ids=[subscriber_id],
            domain=domain if domain in newsletter.domain_ceilings else "",
        )
    if not known:
        Send.objects.filter(pk=send.pk).update(candidates=F("candidates") + 1)
    return True


def check_welcome_issue(issue: Issue) -> None:
    """Whether an issue can welcome people.

    Raises:
        NoWelcome: it was sent to the list, or is about to be.
        BuildError: it cannot be rendered.
        LintBlocks: the checks forbid sending it.
    """
    other = Send.objects.filter(issue=issue, rolling=False).order_by("-id").first()
    if other is not None:
        raise NoWelcome(
            f"{issue} goes to the whole list with send {other.pk}, and an issue does only one of the two. Choose "
            "another, or write a copy of it."
        )
    _build(issue, ())


def check_goes_to_list(issue: Issue) -> None:
    """Raises Welcomes for an issue that welcomes people, or did."""
    send = Send.objects.filter(issue=issue, rolling=True).first()
    if send is None and not Newsletter.objects.filter(welcome_issue=issue).exists():
        return
    who_has_it = f"Who has it: mailer report {send.pk}" if send else "Nobody has confirmed yet."
    raise Welcomes(
        f"{issue} is a welcome issue: whoever confirms a subscription gets it by itself, and nobody else does. To send it "
        f"to the list, write a copy of it. {who_has_it}"
    )


def _rolling_send(newsletter: Newsletter) -> Send:
    """The send of the welcome issue, made at first use. It is locked: who confirms at the same time waits here."""
    now = timezone.now()
    issue = newsletter.welcome_issue
    send, made = Send.objects.get_or_create(
        issue=issue,
        rolling=True,
        defaults={
            "mailing_list_id": newsletter.mailing_list_id,
            "planned_at": now,
            "started_at": now,
            "candidates": 0,
        },
    )
    if made:
        log.info("welcome_send_made", send=send.pk)
    return (
        Send.objects.select_for_update(of=("self",), no_key=True)
        .select_related("issue__newsletter")
        .get(pk=send.pk)
    )


def _is_in(send: Send, subscriber_id: int) -> bool:
    """Whether somebody has got the send, may have, or is to get it: who is not claimed yet waits, and the claim writes
    a delivery. In this order: a claim between the two looks is seen by the first or by the second."""
    waiting = Batch.objects.filter(
        send=send, state=Batch.State.WAITING, subscriber_ids__contains=[subscriber_id]
    )
    return waiting.exists() or Delivery.objects.filter(send=send, subscriber_id=subscriber_id).exists()


def _check_list(send: Send, newsletter: Newsletter) -> None:
    if send.mailing_list_id != newsletter.mailing_list_id:
        raise NoWelcome(
            "it was begun on the list that the newsletter had before. Choose another issue for the new one."
        )


def _build(issue: Issue, topic_ids: tuple[int, ...]) -> Edition | None:
    """The edition for somebody who chose these topics; None where no story fits them.

    Raises:
        BuildError: the issue cannot be rendered.
        LintBlocks: the checks forbid sending it.
    """
    names = dict(Topic.objects.values_list("id", "name"))
    editions = build_editions((content_of(issue),), [topic_ids], names)
    if editions.blocked:
        raise LintBlocks(editions.blocked)
    return editions.built[0][1] if editions.built else None


def _keep(send: Send, edition: Edition) -> models.Edition:
    """The row of an edition. An edition is never changed, so when the issue was edited since there is a further one
    with the same stories: the number of its variant counts them."""
    row = row_of(send, 0, edition)
    last = send.editions.filter(story_ids=row.story_ids).order_by("-variant").first()
    if last is not None:
        if _says(last) == _says(row):
            return last
        row.variant = last.variant + 1
    row.save()
    write_places(send, [(row.pk, edition)])
    return row


def _says(row: models.Edition) -> tuple[object, ...]:
    return row.language, row.subject, row.html, row.text, row.tags


def _tell(send: Send, problem: str) -> None:
    log.error("welcome_issue_cannot_be_sent", send=send.pk)
    lately = Notice.objects.filter(send=send, kind="welcome", created_at__gt=timezone.now() - TELL_AGAIN)
    if not lately.exists():
        notify(
            send.pk,
            "welcome",
            f"The welcome issue {send.issue} cannot be sent: {problem} Until that is mended, whoever confirms does not "
            "get it.",
        )
