"""Whose eyes an issue is seen with: those of an example, of somebody with some topics, or of one person of the store."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mailer.delivery.requests import SUBSCRIBER_FIELDS
from mailer.delivery.testing.errors import BadTestMail
from mailer.issues.builder.build import build
from mailer.issues.builder.content import PersonalisedMail
from mailer.issues.builder.personalise import personalise
from mailer.issues.builder.stories import select_stories
from mailer.issues.content import content_of
from mailer.issues.models import Issue
from mailer.issues.preview import example_reader
from subscribers.models import Subscriber, Topic


@dataclass(frozen=True)
class SeenAs:
    """A reader.

    Args:
        recipient: as merge tags see them. Their own links lead nowhere: nobody leaves a list by a test mail.
        topics: the names of those they chose; empty for all.
        says: who it is, in words and without an address.
    """

    recipient: Mapping[str, Any]
    topics: frozenset[str]
    says: str


def an_example() -> SeenAs:
    """Somebody made up, who gets all stories."""
    return SeenAs(example_reader(), frozenset(), "an example reader")


def with_topics(topic_ids: Iterable[int]) -> SeenAs:
    """Somebody made up, who chose some topics; without any all of them."""
    names = sorted(Topic.objects.filter(pk__in=list(topic_ids)).values_list("name", flat=True))
    if not names:
        return an_example()
    return SeenAs(example_reader(), frozenset(names), f"a reader interested in {', '.join(names)}")


def a_person(subscriber: Subscriber) -> SeenAs:
    """Somebody of the store, with their topics and everything that is known of them, but without links of theirs."""
    values = {name: getattr(subscriber, name) for name in SUBSCRIBER_FIELDS}
    recipient = {**example_reader(), "subscriber": {**values, "attributes": subscriber.attributes}}
    # A topic that is no more fits no story, as in a plan.
    names = dict(Topic.objects.filter(pk__in=subscriber.topic_ids).values_list("id", "name"))
    topics = frozenset(names.get(number, "") for number in subscriber.topic_ids)
    return SeenAs(recipient, topics, f"person {subscriber.pk}")


def mail_as(issue: Issue, reader: SeenAs) -> PersonalisedMail:
    """An issue as a reader sees it.

    Raises:
        BuildError: it cannot be rendered.
        BadTestMail: no story fits their topics.
    """
    content = content_of(issue)
    stories = select_stories(content.stories, reader.topics)
    if not stories:
        raise BadTestMail(
            f"{issue} has no story for {reader.says}: they would get nothing. Choose others."
            if content.stories
            else f"{issue} has no stories yet: write one first."
        )
    return personalise(build(replace(content, stories=stories)), reader.recipient)
