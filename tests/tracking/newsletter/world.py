"""A newsletter with issues that went out, and readers with their histories, in the database."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from mailer.delivery.models import Batch, Delivery, Edition, Send, Submission
from mailer.issues.models import Issue, Newsletter
from subscribers.models import Consent, MailingList, Subscriber, Subscription, Suppression
from tests.tracking.newsletter.plain import Reader

NOW = datetime(2026, 4, 6, 9, 0, tzinfo=UTC)
"""A Monday, a week after the clocks of Europe went forward."""


def make_newsletter(issues: int, *, slug: str = "weekly", zone: str = "UTC") -> Newsletter:
    """A newsletter whose last issues went out one a week, the newest yesterday."""
    mailing_list = MailingList.objects.create(slug=slug, name="Readers")
    newsletter = Newsletter.objects.create(
        slug=slug,
        name="The Weekly",
        mailing_list=mailing_list,
        time_zone=zone,
        from_name="The Weekly",
        from_email="weekly@example.org",
        postal_address="1 Quay",
    )
    for number in range(1, issues + 1):
        sent_at = NOW - timedelta(weeks=issues - number, days=1)
        issue = Issue.objects.create(
            newsletter=newsletter, number=number, date=sent_at.date(), subject=f"Week {number}"
        )
        send = Send.objects.create(
            issue=issue, mailing_list=mailing_list, planned_at=sent_at, candidates=0, started_at=sent_at
        )
        Edition.objects.create(send=send, story_ids=[], language="en", subject="s", html="", text="", tags=[])
        add_batch(send, [])
    return newsletter


def add_batch(send: Send, ids: Sequence[int], state: str = "accepted") -> Batch:
    """A batch of a send with these people."""
    batch = Batch.objects.create(
        send=send,
        edition=send.editions.get(),
        subscriber_ids=list(ids),
        state=state,
        submission_id=uuid.uuid4(),
    )
    Submission.objects.create(
        id=batch.submission_id, batch=batch, size=len(ids), started_at=send.started_at, outcome="accepted"
    )
    return batch


def sends(newsletter: Newsletter) -> list[Send]:
    """The newest first."""
    return list(Send.objects.filter(issue__newsletter=newsletter).order_by("-issue__number"))


def write_down(
    readers: Sequence[Reader], newsletter: Newsletter, *, domain: str = "Example.org"
) -> list[int]:
    """The readers, with records, deliveries and suppressions; returns their numbers."""
    people = Subscriber.objects.bulk_create(
        Subscriber(email=f"Reader{n}@{domain}") for n in range(len(readers))
    )
    on = newsletter.mailing_list
    both = list(zip(people, readers, strict=True))
    Subscription.objects.bulk_create(
        Subscription(subscriber=person, mailing_list=on, state=reader.state)
        for person, reader in both
        if reader.state
    )
    Consent.objects.bulk_create(
        Consent(
            subscriber=person,
            mailing_list=on,
            action=record.action,
            at=record.at,
            source=record.source,
            detail=record.detail,
        )
        for person, reader in both
        for record in reader.records
    )
    Suppression.objects.bulk_create(
        Suppression(address=person.email.lower(), reason=reason, created_at=at)
        for person, reader in both
        for reason, at in reader.suppressed.items()
    )
    deliver(both, newsletter)
    return [person.pk for person in people]


def deliver(both: Sequence[tuple[Subscriber, Reader]], newsletter: Newsletter) -> None:
    """What they were sent and did. What they opened without being sent it is of a batch whose outcome is unknown."""
    for age, send in enumerate(sends(newsletter), 1):
        for state in ("accepted", "unknown"):
            those = [
                (person, reader)
                for person, reader in both
                if (
                    age in reader.sent
                    if state == "accepted"
                    else age in (reader.opened | reader.clicked) - reader.sent
                )
            ]
            if not those:
                continue
            batch = add_batch(send, [person.pk for person, _ in those], state)
            at = send.started_at + timedelta(hours=1)
            Delivery.objects.bulk_create(
                Delivery(
                    send=send,
                    subscriber=person,
                    batch=batch,
                    delivered_at=at,
                    machine_opened_at=at,
                    machine_rule="flag",
                    machine_clicked_at=at,
                    opened_at=at if age in reader.opened else None,
                    clicked_at=at if age in reader.clicked else None,
                )
                for person, reader in those
            )
