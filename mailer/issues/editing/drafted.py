"""What the builder would take if a document were saved."""

from collections.abc import Mapping
from dataclasses import replace

from mailer.issues.builder.content import IssueContent, StoryContent
from mailer.issues.content import content_of
from mailer.issues.editing.document import Document, DraftStory, Key
from mailer.issues.models import Issue


def shown(document: Document) -> tuple[Key, ...]:
    """What the stories are called that readers see, in order: the hidden ones are left out."""
    return tuple(story.id for story in document.stories if not story.hidden)


def drafted(issue: Issue, document: Document, names: Mapping[int, str]) -> IssueContent:
    """The issue as it would be if the document were saved.

    Args:
        names: of all topics by id, in their order.
    """
    stories = (story for story in document.stories if not story.hidden)
    return replace(
        content_of(issue),
        number=document.number,
        date=document.date,
        subject=document.subject,
        preheader=document.preheader,
        intro=document.intro,
        outro=document.outro,
        call_to_action_label=document.call_to_action_label,
        call_to_action_link=document.call_to_action_link,
        stories=tuple(_story(story, number, names) for number, story in enumerate(stories, start=1)),
    )


def _story(story: DraftStory, number: int, names: Mapping[int, str]) -> StoryContent:
    return StoryContent(
        # One that has no row yet is told from the others by a number that no row has.
        id=story.id if isinstance(story.id, int) else -number,
        headline=story.headline,
        body=story.body,
        link=story.link,
        link_label=story.link_label,
        image=story.image,
        image_alt=story.image_alt,
        topics=tuple(name for topic, name in names.items() if topic in story.topics),
        for_everyone=story.for_everyone,
        position=number,
    )
