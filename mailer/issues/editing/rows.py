"""A document from the rows of an issue, and back."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from mailer.issues.editing.document import ISSUE_FIELDS, STORY_FIELDS, Document, DraftStory, Key
from mailer.issues.models import Issue, Story, Version
from subscribers.models import Topic

_COLUMNS = tuple(name for name in STORY_FIELDS if name != "topics")
_Through = Story.topics.through


def document_of(issue: Issue) -> Document:
    """The document as it is now."""
    stories = issue.stories.prefetch_related("topics").order_by("position", "id")
    return Document(
        **{name: getattr(issue, name) for name in ISSUE_FIELDS},
        stories=tuple(story_of(story) for story in stories),
    )


def story_of(story: Story) -> DraftStory:
    """A story as editors write it."""
    return DraftStory(
        id=story.pk,
        topics=tuple(sorted(topic.pk for topic in story.topics.all())),
        **{name: getattr(story, name) for name in _COLUMNS},
    )


def write_document(
    issue: Issue, document: Document, was: Document, backlog: Collection[Key], by: Any
) -> dict[Key, int]:
    """Make the rows of an issue what a document says. Call it in a transaction that holds the issue's row.

    Args:
        was: what its rows say.
        backlog: stories that go to the newsletter's backlog; others that the document leaves out are deleted.
        by: who wrote it.
    Returns: the number of each story that got one, by what the document called it.
    """
    for name in ISSUE_FIELDS:
        setattr(issue, name, getattr(document, name))
    gone = set(was.keys) - set(document.keys)
    issue.stories.filter(pk__in=gone & set(backlog)).update(
        issue=None, newsletter=issue.newsletter_id, position=None, touched_at=timezone.now()
    )
    issue.stories.filter(pk__in=gone - set(backlog)).delete()
    there_are = {story.pk: story for story in _may_hold(issue).filter(pk__in=_numbers(document.keys))}
    deleted = _deleted(issue, set(_numbers(document.keys)) - set(there_are))
    made: dict[Key, int] = {}
    changed: list[Story] = []
    about: dict[int, tuple[int, ...]] = {}
    for position, draft in enumerate(document.stories, start=1):
        columns = {name: getattr(draft, name) for name in _COLUMNS}
        story = there_are.get(draft.id) if isinstance(draft.id, int) else None
        if story is None:
            number = draft.id if draft.id in deleted else None
            story = Story.objects.create(pk=number, issue=issue, position=position, created_by=by, **columns)
            if number is None:
                made[draft.id] = story.pk
        elif draft == was.story(draft.id) and story.position == position:
            continue
        else:
            for name, value in columns.items():
                setattr(story, name, value)
            story.issue, story.newsletter, story.position = issue, None, position
            changed.append(story)
        about[story.pk] = draft.topics
    Story.objects.bulk_update(changed, ["issue", "newsletter", "position", *_COLUMNS])
    _write_topics(about)
    return made


def _deleted(issue: Issue, numbers: Collection[int]) -> frozenset[int]:
    """Those of some numbers without a row that stories of the issue had: they come back under them, and what is known
    by them (clicks, say) is theirs again. A number that a page made up is given to nobody."""
    versions = Version.objects.filter(issue=issue)
    return frozenset(
        number
        for number in numbers
        if versions.filter(content__contains={"stories": [{"id": number}]}).exists()
    )


def _may_hold(issue: Issue) -> QuerySet[Story]:
    """The stories of an issue, and those of its newsletter's backlog, which may be moved in."""
    return Story.objects.filter(issue=issue) | Story.objects.filter(
        issue=None, newsletter=issue.newsletter_id
    )


def elsewhere(issue: Issue, keys: Iterable[Key]) -> dict[int, Issue | None]:
    """Stories that a document cannot hold: they stand in another issue, or (None) in another newsletter's backlog."""
    others = Story.objects.filter(pk__in=_numbers(keys)).exclude(pk__in=_may_hold(issue).values("pk"))
    return {story.pk: story.issue for story in others.select_related("issue__newsletter")}


def unknown_topics(document: Document) -> frozenset[int]:
    """The topics of a document that there are not, or no more."""
    named = {topic for story in document.stories for topic in story.topics}
    return frozenset(named - set(Topic.objects.filter(pk__in=named).values_list("pk", flat=True)))


def _numbers(keys: Iterable[Key]) -> list[int]:
    return [key for key in keys if isinstance(key, int)]


def _write_topics(about: dict[int, tuple[int, ...]]) -> None:
    _Through.objects.filter(story__in=about).delete()
    _Through.objects.bulk_create(
        _Through(story_id=story, topic_id=topic) for story, topics in about.items() for topic in topics
    )
