"""What a reader would get of a document that is not saved: built and checked by what builds and checks every mail."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

from mailer.issues.builder.build import build
from mailer.issues.builder.content import BuildError, PersonalisedMail
from mailer.issues.builder.personalise import personalise
from mailer.issues.builder.stories import select_stories
from mailer.issues.editing.document import Document, Key
from mailer.issues.editing.drafted import drafted, shown
from mailer.issues.editing.places import Place, place_of
from mailer.issues.lint import lint
from mailer.issues.models import Issue
from subscribers.models import Topic

NO_STORY = "would get nothing: no story on their topics"


@dataclass(frozen=True)
class Reader:
    """Whom a preview is for.

    Args:
        values: as merge tags see them, see builder.getters. Their own links should lead nowhere.
        topics: ids of those they chose; none means all.
    """

    values: Mapping[str, Any]
    topics: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding of the lint, or a problem of the builder, with its place on the page."""

    level: str
    code: str
    message: str
    where: str
    place: Place


@dataclass(frozen=True)
class Preview:
    """What the reader would get.

    Args:
        mail: None where it cannot be built (`errors` say why) or they would get nothing (`excluded` says why).
        size: bytes of HTML, as they leave for SendGrid.
        links: how many are tracked.
        stories: those that they see, by what the document calls them.
        findings: of the lint, on the whole issue.
    """

    mail: PersonalisedMail | None = None
    size: int = 0
    links: int = 0
    stories: tuple[Key, ...] = ()
    excluded: str | None = None
    findings: tuple[Remark, ...] = ()
    errors: tuple[Remark, ...] = ()


def preview(issue: Issue, document: Document, reader: Reader) -> Preview:
    """Build a document for a reader and check it. Nothing is written.

    The findings are those of the issue with all of its stories, whoever looks: their places do not change with the
    reader.
    """
    keys = shown(document)
    names = dict(Topic.objects.values_list("pk", "name"))
    content = drafted(issue, document, names)
    try:
        whole = build(content)
        findings = lint(content, whole, site=settings.PUBLIC_URL)
        remarks = tuple(
            Remark(found.level, found.code, found.message, found.where, place_of(found.where, keys))
            for found in findings
        )
        chosen = frozenset(names.get(topic, "") for topic in reader.topics)
        stories = select_stories(content.stories, chosen)
        if not stories:
            return Preview(excluded=NO_STORY, findings=remarks)
        edition = whole if len(stories) == len(keys) else build(replace(content, stories=stories))
    except BuildError as error:
        problems = tuple(
            Remark("error", problem.code, problem.message, problem.where, place_of(problem.where, keys))
            for problem in error.problems
        )
        return Preview(errors=problems)
    mail = personalise(edition, reader.values)
    return Preview(
        mail=mail,
        size=len(edition.html.encode()),
        links=len(edition.links),
        stories=tuple(keys[story.position - 1] for story in stories),
        findings=remarks,
    )
