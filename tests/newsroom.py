"""A newsletter with stories on topics and people on its list, for tests that send."""

from collections.abc import Sequence
from datetime import date
from itertools import count

from django.db import connection

from mailer.delivery.models import Batch, Send
from mailer.issues.models import Issue, Newsletter, Story
from subscribers.models import MailingList, Subscriber, Topic

_numbers = count(1)
TOPICS = ("ai", "policy", "travel")

# Django's bulk_create works out the database's default of every column of every row: thirty times as long.
NEW_PEOPLE = """
    INSERT INTO subscribers_subscriber (email, topic_ids, first_name)
    SELECT unnest(%s::text[]), %s::integer[], %s RETURNING *
"""
ON_LIST = """
    INSERT INTO subscribers_subscription (subscriber_id, mailing_list_id, state) SELECT unnest(%s::bigint[]), %s, %s
"""


def make_issue(topics: Sequence[str] = TOPICS, *, suffix: str = "", **fields: object) -> Issue:
    """An issue with a story for each topic, of a newsletter of its own."""
    slug = f"weekly-{suffix or next(_numbers)}"
    mailing_list = MailingList.objects.create(slug=slug, name="Weekly")
    newsletter = Newsletter.objects.create(
        slug=slug,
        name="The Weekly",
        mailing_list=mailing_list,
        language="en",
        from_name="The Weekly",
        from_email="weekly@news.example.com",
        website="https://www.example.com",
        postal_address="1 Raffles Place\nSingapore 048616",
    )
    issue = Issue.objects.create(
        newsletter=newsletter,
        number=1,
        date=date(2026, 3, 2),
        **{
            "subject": '{{ subscriber.first_name or "Hello" }}, your week',
            "preheader": "What happened",
            "intro": 'Dear {{ subscriber.first_name or "reader" }},',
            **fields,
        },
    )
    for position, slug in enumerate(topics, start=1):
        topic, _ = Topic.objects.get_or_create(slug=slug, defaults={"name": slug.title()})
        story = Story.objects.create(
            issue=issue,
            position=position,
            headline=f"News about {slug}",
            body=f"Something happened in {slug}.",
            link=f"https://www.example.com/{slug}",
            link_label="Read more",
        )
        story.topics.add(topic)
    return issue


def next_issue(issue: Issue, **fields: object) -> Issue:
    """The number after an issue, with the same stories."""
    following = Issue.objects.create(
        newsletter=issue.newsletter,
        number=issue.number + 1,
        date=issue.date,
        **{"subject": "Another week", "preheader": "What happened then", **fields},
    )
    for story in issue.stories.all():
        topics = list(story.topics.all())
        story.pk, story.issue = None, following
        story.save()
        story.topics.set(topics)
    return following


def subscribe(
    mailing_list: MailingList,
    *addresses: str,
    state: str = "active",
    topics: Sequence[str] = (),
    first_name: str = "",
) -> list[Subscriber]:
    """Put new people on a list."""
    topic_ids = sorted(Topic.objects.filter(slug__in=topics).values_list("id", flat=True))
    people = list(Subscriber.objects.raw(NEW_PEOPLE, [list(addresses), topic_ids, first_name]))
    with connection.cursor() as cursor:
        cursor.execute(ON_LIST, [[person.pk for person in people], mailing_list.pk, state])
    return people


def crowd(mailing_list: MailingList, size: int, **how: object) -> list[Subscriber]:
    """So many new people on a list."""
    start = next(_numbers)
    return subscribe(mailing_list, *(f"reader{n}.{start}@example.org" for n in range(size)), **how)


def planned_for(send: Send) -> dict[str, Batch]:
    """By address: the batch that the plan of a send put somebody into."""
    batches = {
        subscriber_id: batch
        for batch in Batch.objects.filter(send=send).select_related("edition")
        for subscriber_id in batch.subscriber_ids
    }
    people = Subscriber.objects.filter(pk__in=batches).order_by("id").values_list("id", "email")
    return {address: batches[number] for number, address in people}
