"""The editions of an issue: one for each distinct set of stories that its readers get, and for each variant."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from django.conf import settings

from mailer.delivery import models
from mailer.issues.builder.build import build
from mailer.issues.builder.content import Edition, IssueContent, MergeTag
from mailer.issues.builder.stories import select_stories
from mailer.issues.lint import Finding, blocking, lint

TopicIds = tuple[int, ...]
Choice = tuple[TopicIds, int]
"""The topics that somebody chose, and the number of the variant they get."""


@dataclass(frozen=True)
class Editions:
    """What an issue looks like for each set of topics that somebody chose, in each variant.

    `variants` are what they were built from. `built` are (variant, edition); `by_choice` gives a choice's place in it,
    or None where no story fits the topics.
    """

    variants: tuple[IssueContent, ...]
    built: tuple[tuple[int, Edition], ...]
    by_choice: Mapping[Choice, int | None]
    findings: tuple[Finding, ...]

    @property
    def blocked(self) -> tuple[Finding, ...]:
        """The findings that forbid sending."""
        return blocking(self.findings)


def build_editions(
    variants: Sequence[IssueContent], chosen: Iterable[TopicIds], topic_names: Mapping[int, str]
) -> Editions:
    """Build and lint an edition for each distinct set of stories in each variant.

    Args:
        variants: the issue with all of its stories, once for each variant.
        chosen: the sets of topics that subscribers chose; the empty set means all topics.
        topic_names: the topics' names by id; an id that is not in it is one nobody writes about.
    Raises:
        BuildError: the issue cannot be rendered; its problems say where.
    """
    places: dict[tuple[tuple[int, ...], int], int] = {}
    built: list[tuple[int, Edition]] = []
    by_choice: dict[Choice, int | None] = {}
    findings: dict[Finding, None] = {}
    for topic_ids in chosen:
        names = frozenset(topic_names.get(topic_id, "") for topic_id in topic_ids)
        for variant, issue in enumerate(variants):
            stories = select_stories(issue.stories, names)
            key = tuple(story.id for story in stories), variant
            if stories and key not in places:
                selection = replace(issue, stories=stories)
                edition = build(selection)
                places[key] = len(built)
                built.append((variant, edition))
                findings.update(dict.fromkeys(lint(selection, edition, site=settings.PUBLIC_URL)))
            by_choice[topic_ids, variant] = places[key] if stories else None
    return Editions(tuple(variants), tuple(built), by_choice, tuple(findings))


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


def row_of(send: models.Send, variant: int, edition: Edition) -> models.Edition:
    """The row that keeps an edition, not saved yet."""
    return models.Edition(
        send=send,
        variant=variant,
        story_ids=list(edition.story_ids),
        language=edition.language,
        subject=edition.subject,
        html=edition.html,
        text=edition.text,
        tags=[asdict(tag) for tag in edition.tags],
    )
