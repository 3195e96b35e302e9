"""Issues that went out, as the ledger has them, without a request being made."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from uuid import uuid4

from django.utils import timezone

from mailer.archive.keep import keep
from mailer.delivery.models import Batch, Edition, Send
from mailer.delivery.plan import plan
from mailer.delivery.start import send_of
from mailer.issues.builder.content import StoryContent
from mailer.issues.content import content_of
from mailer.issues.models import Issue, Newsletter
from tests.newsroom import make_issue, subscribe


def a_number(**fields: object) -> Issue:
    """The first issue of a newsletter with a public archive and one reader."""
    issue = make_issue(**fields)
    issue.newsletter.archive = True
    issue.newsletter.save()
    subscribe(issue.newsletter.mailing_list, f"reader-of-{issue.newsletter.slug}@example.org")
    return issue


def begun(send: Send) -> Send:
    """Plan a send, and let it begin; nothing of it has gone out."""
    plan(send)
    Send.objects.filter(pk=send.pk).update(started_at=timezone.now())
    send.refresh_from_db()
    return send


def accept(send: Send, **batches: object) -> None:
    """What waits of a send is accepted by SendGrid.

    Args:
        batches: which of them.
    """
    for batch in Batch.objects.filter(send=send, state="waiting", **batches):
        batch.state, batch.submission_id = "accepted", f"00000000-0000-4000-8000-{batch.pk:012d}"
        batch.save(update_fields=["state", "submission_id"])


def sent(issue: Issue) -> Send:
    """An issue goes out to its list."""
    send = begun(send_of(issue))
    accept(send)
    return send


def many(newsletter: Newsletter, numbers: Iterable[int]) -> None:
    """Issues that were sent long ago, written straight into the tables."""
    issues = Issue.objects.bulk_create(
        Issue(newsletter=newsletter, number=number, date=date(2026, 1, 1), subject=f"Number {number}")
        for number in numbers
    )
    now = timezone.now()
    sends = Send.objects.bulk_create(
        Send(
            issue=issue,
            mailing_list=newsletter.mailing_list,
            planned_at=now,
            started_at=now,
            candidates=1,
        )
        for issue in issues
    )
    editions = Edition.objects.bulk_create(
        Edition(send=send, story_ids=[], language="en", subject="s", html="h", text="t", tags=[])
        for send in sends
    )
    Batch.objects.bulk_create(
        Batch(send=send, edition=edition, subscriber_ids=[1], state="accepted", submission_id=uuid4())
        for send, edition in zip(sends, editions, strict=True)
    )
    for issue, send in zip(issues, sends, strict=True):
        keep(
            send, [replace(content_of(issue), stories=(StoryContent(1, "A story", f"Text {issue.number}"),))]
        )
