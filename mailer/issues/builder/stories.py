"""Which stories of an issue a subscriber gets."""

from collections.abc import Iterable

from mailer.issues.builder.content import StoryContent


def select_stories(
    stories: Iterable[StoryContent], chosen_topics: frozenset[str]
) -> tuple[StoryContent, ...]:
    """Return the stories, in order, for a subscriber who chose these topics.

    No chosen topics means all stories. Otherwise a story is in when it has one of the topics or is
    marked as for everyone. The result may be empty: there is then nothing to send to this subscriber.
    """
    if not chosen_topics:
        return tuple(stories)
    return tuple(
        story for story in stories if story.for_everyone or not chosen_topics.isdisjoint(story.topics)
    )
