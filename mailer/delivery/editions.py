"""The editions of an issue: one for each distinct set of stories that its readers get."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace

from django.conf import settings

from mailer.delivery import models
from mailer.issues.builder.build import build
from mailer.issues.builder.content import Edition, IssueContent, MergeTag
from mailer.issues.builder.stories import select_stories
from mailer.issues.lint import Finding, blocking, lint

TopicIds = tuple[int, ...]


@dataclass(frozen=True)
class Editions:
    """What an issue looks like for each set of topics that somebody chose.

    `by_topics` gives the edition's place in `built`, or None where no story fits the topics.
    """

    built: tuple[Edition, ...]
    by_topics: Mapping[TopicIds, int | None]
    findings: tuple[Finding, ...]

    @property
    def blocked(self) -> tuple[Finding, ...]:
        """The findings that forbid sending."""
        return blocking(self.findings)


def build_editions(
    issue: IssueContent, chosen: Iterable[TopicIds], topic_names: Mapping[int, str]
) -> Editions:
    """Build and lint an edition for each distinct set of stories.

    Args:
        issue: with all of its stories.
        chosen: the sets of topics that subscribers chose; the empty set means all topics.
        topic_names: the topics' names by id; an id that is not in it is one nobody writes about.
    Raises:
        BuildError: the issue cannot be rendered; its problems say where.
    """
    places: dict[tuple[int, ...], int] = {}
    built: list[Edition] = []
    by_topics: dict[TopicIds, int | None] = {}
    findings: dict[Finding, None] = {}
    for topic_ids in chosen:
        names = frozenset(topic_names.get(topic_id, "") for topic_id in topic_ids)
        stories = select_stories(issue.stories, names)
        key = tuple(story.id for story in stories)
        if stories and key not in places:
            selection = replace(issue, stories=stories)
            places[key] = len(built)
            built.append(build(selection))
            findings.update(dict.fromkeys(lint(selection, built[-1], site=settings.PUBLIC_URL)))
        by_topics[topic_ids] = places[key] if stories else None
    return Editions(tuple(built), by_topics, tuple(findings))


def edition_of(row: models.Edition) -> Edition:
    """An edition as it was built, from the row that a send keeps of it."""
    return Edition(
        story_ids=tuple(row.story_ids),
        language=row.language,
        subject=row.subject,
        preheader="",
        html=row.html,
        text=row.text,
        tags=tuple(MergeTag(**tag) for tag in row.tags),
        links=(),
    )


def row_of(send: models.Send, edition: Edition) -> models.Edition:
    """The row that keeps an edition, not saved yet."""
    return models.Edition(
        send=send,
        story_ids=list(edition.story_ids),
        language=edition.language,
        subject=edition.subject,
        html=edition.html,
        text=edition.text,
        tags=[asdict(tag) for tag in edition.tags],
    )
