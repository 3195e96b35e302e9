"""The stories that wait in a newsletter's backlog."""

from collections.abc import Iterable
from typing import Any

from django.db.models import CharField, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf

from mailer.issues.models import FeedEntry, Newsletter, Story

MOST_WORDS = 8


def backlog_of(
    newsletter: Newsletter,
    *,
    words: str = "",
    topic: int | None = None,
    feed: int | None = None,
    by_hand: bool = False,
) -> QuerySet[Any]:
    """Those of a newsletter, the newest first, each with its topics and `feed_title` ("" where no feed brought it).

    Args:
        words: all of which headline or text hold.
        topic, feed: the number of one, which they have or came from.
        by_hand: those only that no feed brought.
    """
    stories = newsletter.backlog.filter(issue=None)
    for word in words.replace("\x00", "").split()[:MOST_WORDS]:
        stories = stories.filter(
            Q(headline__icontains=word) | Q(body__icontains=word) | Q(link__icontains=word)
        )
    if topic is not None:
        stories = stories.filter(topics=topic)
    if feed is not None:
        stories = stories.filter(
            pk__in=FeedEntry.objects.filter(feed=feed, story__isnull=False).values("story")
        )
    if by_hand:
        stories = stories.filter(entries=None)
    entries = FeedEntry.objects.filter(story=OuterRef("pk")).order_by("id")
    called = entries.annotate(
        called=Coalesce(NullIf(F("feed__title"), Value("")), F("feed__url"), output_field=CharField())
    )
    return (
        stories.annotate(
            feed_title=Coalesce(Subquery(called.values("called")[:1]), Value(""), output_field=CharField())
        )
        .prefetch_related("topics")
        .select_related("created_by")
        .order_by("-created_at", "-id")
    )


def chosen(newsletter: Newsletter, numbers: Iterable[int]) -> list[Story]:
    """The stories of a newsletter's backlog with these numbers, in this order; others are left out."""
    wanted = list(dict.fromkeys(numbers))
    there_are = {story.pk: story for story in newsletter.backlog.filter(issue=None, pk__in=wanted)}
    return [there_are[number] for number in wanted if number in there_are]
