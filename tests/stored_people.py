"""The people of plain_rules in the database."""

from collections.abc import Sequence

from subscribers.models import (
    MailingList,
    Segment,
    Snapshot,
    SnapshotMember,
    Subscriber,
    Subscription,
    Suppression,
    Topic,
)
from tests.plain_rules import Person


def store(people: Sequence[Person]) -> dict[str, int]:
    """Write the people down, with the lists, topics and snapshots that they name; returns their numbers by address."""
    lists = {slug: _list(slug) for slug in sorted({on.list for person in people for on in person.lists})}
    topics = {slug: _topic(slug) for slug in sorted({topic for person in people for topic in person.topics})}
    stored = Subscriber.objects.bulk_create(
        Subscriber(
            email=person.email,
            first_name=person.first_name,
            last_name=person.last_name,
            language=person.language,
            time_zone=person.time_zone,
            country=person.country,
            created_at=person.created_at,
            topic_ids=sorted(topics[topic] for topic in person.topics),
            attributes=person.attributes,
        )
        for person in people
    )
    numbers = {row.email: row.pk for row in stored}
    Subscription.objects.bulk_create(
        Subscription(
            subscriber_id=numbers[person.email],
            mailing_list_id=lists[on.list],
            state=on.state,
            cadence=on.cadence,
            paused_until=on.paused_until,
            source=on.source,
            created_at=on.created_at,
        )
        for person in people
        for on in person.lists
    )
    Suppression.objects.bulk_create(
        # In small letters as the database makes them: for some letters Python's are others.
        Suppression(address=address, reason=reason)
        for person in people
        for address in [person.email.lower()]
        for reason in sorted(person.suppressed)
    )
    for slug in sorted({slug for person in people for slug in person.snapshots}):
        members = [numbers[person.email] for person in people if slug in person.snapshots]
        keep(slug, members)
    return numbers


def keep(slug: str, members: Sequence[int]) -> None:
    """A snapshot with these members."""
    segment, _ = Segment.objects.get_or_create(slug="kept", defaults={"name": "Kept", "rule": {}})
    snapshot, _ = Snapshot.objects.get_or_create(
        slug=slug, defaults={"segment": segment, "rule": {}, "size": 0}
    )
    SnapshotMember.objects.bulk_create(
        SnapshotMember(snapshot=snapshot, subscriber_id=member) for member in members
    )


def _list(slug: str) -> int:
    return MailingList.objects.get_or_create(slug=slug, defaults={"name": slug})[0].pk


def _topic(slug: str) -> int:
    return Topic.objects.get_or_create(slug=slug, defaults={"name": slug})[0].pk
