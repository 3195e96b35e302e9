"""A send in the ledger as delivery would leave it, without sending anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from django.db import connection

from mailer.delivery.models import Batch, Delivery, Edition, Exclusion, Link, Send, Submission
from mailer.issues.models import Issue, Newsletter, Story
from subscribers.models import MailingList, Subscriber, Subscription
from tests.newsroom import NEW_PEOPLE, ON_LIST

SENT_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_numbers = count(1)


@dataclass(frozen=True)
class Ledger:
    """A send with one edition and one batch, and all that belongs to it."""

    send: Send
    subscribers: list[Subscriber]
    batch: Batch
    submission: Submission
    stories: list[Story]
    links: list[Link]

    def event(self, kind: str, who: int = 0, after: float = 60, **own: Any) -> dict[str, Any]:
        """An event as SendGrid posts it, about subscriber number `who`, `after` seconds after the submission."""
        subscriber = self.subscribers[who]
        number = next(_numbers)
        return {
            "email": subscriber.email,
            "timestamp": int(SENT_AT.timestamp() + after),
            "event": kind,
            "sg_event_id": f"event-{number}",
            "sg_message_id": f"message-{subscriber.pk}.0",
            "mailer_send": str(self.send.pk),
            "mailer_subscriber": str(subscriber.pk),
            "mailer_submission": str(self.submission.pk),
            **own,
        }

    def delivery(self, who: int = 0) -> Delivery:
        """What the database says now."""
        return Delivery.objects.get(send=self.send, subscriber=self.subscribers[who])

    def subscription(self, who: int = 0) -> Subscription:
        """What the database says now."""
        return Subscription.objects.get(mailing_list=self.send.mailing_list, subscriber=self.subscribers[who])


def make_people(addresses: Sequence[str]) -> list[Subscriber]:
    """Subscribers with these addresses."""
    return list(Subscriber.objects.raw(NEW_PEOPLE, [list(addresses), [], ""]))


def make_list(people: Sequence[Subscriber]) -> MailingList:
    """A list that these people are on."""
    mailing_list = MailingList.objects.create(slug=f"list-{next(_numbers)}", name="Weekly")
    with connection.cursor() as cursor:
        cursor.execute(ON_LIST, [[person.pk for person in people], mailing_list.pk, "active"])
    return mailing_list


def make_send(
    people: Sequence[Subscriber] | int = 3,
    *,
    mailing_list: MailingList | None = None,
    state: str = "accepted",
    submitted_at: datetime = SENT_AT,
    headlines: Sequence[str] = ("Tea prices rise", "A new bridge"),
    urls: Sequence[str] = ("https://example.org/tea", "https://example.org/bridge"),
) -> Ledger:
    """A planned send to these people, in one batch of this state."""
    if isinstance(people, int):
        people = make_people([f"reader{next(_numbers)}@example.org" for _ in range(people)])
    mailing_list = mailing_list or make_list(people)
    newsletter = Newsletter.objects.create(
        slug=f"weekly-{next(_numbers)}",
        name="The Weekly",
        mailing_list=mailing_list,
        from_name="The Weekly",
        from_email="weekly@example.org",
        postal_address="1 Example Street",
    )
    issue = Issue.objects.create(newsletter=newsletter, number=7, date=date(2026, 3, 2), subject="This week")
    stories = [
        Story.objects.create(issue=issue, position=n, headline=headline, body="…", link=url)
        for n, (headline, url) in enumerate(zip(headlines, urls, strict=True), 1)
    ]
    send = Send.objects.create(
        issue=issue, mailing_list=mailing_list, planned_at=submitted_at, candidates=len(people)
    )
    links = [
        Link.objects.create(send=send, url=story.link, story=story, label="Read more") for story in stories
    ]
    edition = Edition.objects.create(
        send=send,
        story_ids=[story.pk for story in stories],
        language="en",
        subject="This week",
        html="<p>…</p>",
        text="…",
        tags=[],
    )
    batch, submission = add_batch(edition, people, state, submitted_at)
    return Ledger(send, list(people), batch, submission, stories, links)


def add_batch(
    edition: Edition, people: Sequence[Subscriber], state: str, submitted_at: datetime = SENT_AT
) -> tuple[Batch, Submission]:
    """A batch of these people with a submission; a waiting one has none that counts."""
    ids = [person.pk for person in people]
    batch = Batch.objects.create(send=edition.send, edition=edition, subscriber_ids=ids)
    submission = Submission.objects.create(
        batch=batch,
        size=len(ids),
        started_at=submitted_at,
        outcome={"accepted": "accepted", "rejected": "rejected", "unknown": "unknown"}.get(state),
    )
    batch.state = state
    batch.submission_id = None if state == "waiting" else submission.pk
    batch.save(update_fields=["state", "submission_id"])
    Delivery.objects.bulk_create(
        Delivery(send=edition.send, subscriber=person, batch=batch) for person in people
    )
    return batch, submission


def exclude(send: Send, people: Sequence[Subscriber], reason: str) -> None:
    """Candidates of the send who get nothing."""
    Exclusion.objects.bulk_create(Exclusion(send=send, subscriber=person, reason=reason) for person in people)
    send.candidates = (send.candidates or 0) + len(people)
    send.save(update_fields=["candidates"])
