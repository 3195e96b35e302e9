"""Saving a document: what others saved since is merged in, or nothing is written."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from mailer.issues.editing.document import Document, Key, named, path_of
from mailer.issues.editing.locks import Locked, why_locked
from mailer.issues.editing.merge import Conflict, merge
from mailer.issues.editing.read import FieldError, Invalid, too_long
from mailer.issues.editing.rows import document_of, elsewhere, unknown_topics, write_document
from mailer.issues.editing.versions import Saving, documents_at, keep, thin
from mailer.issues.editing.who import name_of
from mailer.issues.models import Issue, Version

log = structlog.get_logger()


class Conflicting(Exception):
    """Somebody else changed the same; nothing was written.

    Attributes:
        revision, by: of what they wrote.
        theirs: the document as it is now.
        merged: it with every change of both that can be merged, and theirs where they cannot.
    """

    code = "conflict"

    def __init__(
        self, issue: Issue, theirs: Document, merged: Document, conflicts: tuple[Conflict, ...]
    ) -> None:
        self.revision, self.by = issue.revision, name_of(issue.edited_by)
        self.theirs, self.merged, self.conflicts = theirs, merged, conflicts
        super().__init__(f"{len(conflicts)} changes of {issue} cannot be merged")


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to save.

    Args:
        base: the revision that they started from.
        backlog: stories that they moved out to the newsletter's backlog.
        client: the page that saves, by a name of its own, so that what it saves again because the answer was lost is
            known as its own; "" where there is none.
    """

    base: int
    document: Document
    backlog: frozenset[int] = frozenset()
    client: str = ""


@dataclass(frozen=True)
class Saved:
    """What came of it.

    Args:
        revision: of the issue now.
        ids: the number of each story that got one, by what the page called it.
        document: the issue now.
        merged: whether it holds changes of others that the page does not know.
        changed: whether anything was written.
    """

    revision: int
    document: Document
    at: datetime
    ids: dict[Key, int] = field(default_factory=dict)
    merged: bool = False
    changed: bool = True


@transaction.atomic
def save(issue_id: int, wanted: Wanted, by: Any) -> Saved:
    """Save what somebody wrote.

    Raises:
        Locked: a send of the issue was started.
        Conflicting: others changed the same since.
        Invalid: it cannot be kept; the errors say why, field by field.
    """
    issue = hold(issue_id)
    now = document_of(issue)
    base, known = _started_from(issue, wanted, now)
    mine = _renamed(wanted.document, known)
    merged = merge(base, mine, now, wanted.backlog)
    if merged.conflicts:
        raise Conflicting(issue, now, merged.document, merged.conflicts)
    saved = write(issue, merged.document, now, by, backlog=wanted.backlog, client=wanted.client)
    ids = {**known, **saved.ids}
    return replace(saved, ids=ids, merged=saved.document != _renamed(mine, saved.ids))


def hold(issue_id: int) -> Issue:
    """The row of an issue for whoever writes it: others wait until the transaction ends.

    Raises:
        Locked: it may be edited no more.
    """
    issue = (
        Issue.objects.select_for_update(of=("self",), no_key=True)
        .select_related("newsletter", "edited_by")
        .get(pk=issue_id)
    )
    if reason := why_locked(issue):
        raise Locked(reason)
    return issue


def write(
    issue: Issue,
    document: Document,
    was: Document,
    by: Any,
    *,
    why: str = "",
    backlog: Collection[int] = frozenset(),
    client: str = "",
) -> Saved:
    """Make a document the next revision of an issue whose row is held. Nothing is written where nothing changed.

    Args:
        was: the document as it is now.
        why: kept with the version, such as "restored from 4".
    Raises:
        Invalid: it cannot be kept.
    """
    if document == was:
        return Saved(issue.revision, was, issue.edited_at, changed=False)
    if errors := _errors(issue, document):
        raise Invalid(errors)
    keep(issue, was, issue.edited_by)
    made = write_document(issue, document, was, backlog, by)
    written = _renamed(document, made)
    issue.revision += 1
    issue.edited_at, issue.edited_by = timezone.now(), by
    issue.save()
    keep(issue, written, by, why, Saving(client, tuple(made.items())))
    thin(issue)
    log.info("issue_saved", issue=issue.pk, revision=issue.revision)
    return Saved(issue.revision, written, issue.edited_at, made)


def _started_from(issue: Issue, wanted: Wanted, now: Document) -> tuple[Document | None, dict[Key, int]]:
    """What a page started from, and the numbers of stories that it made and may not know of.

    What the page saved itself right behind its base is what it started from: it lost the answer and goes on from there.
    """
    since = Version.objects.filter(issue=issue, revision__gt=wanted.base).order_by("revision")
    start = wanted.base
    made: dict[Key, int] = {}
    for revision, client, its_made in since.values_list("revision", "content__client", "content__made"):
        if wanted.client and client == wanted.client:
            made |= its_made
            start = revision if revision == start + 1 else start
    base = documents_at(issue, [start]).get(start)
    # Of an issue that nobody has saved yet there is no version.
    return (now if base is None and start == issue.revision else base), made


def _renamed(document: Document, made: dict[Key, int]) -> Document:
    """The document with the numbers that stories got."""
    stories = tuple(replace(story, id=made.get(story.id, story.id)) for story in document.stories)
    return replace(document, stories=stories)


def _errors(issue: Issue, document: Document) -> tuple[FieldError, ...]:
    """What only the rows of others say, and what may have become too long by what was merged."""
    errors = list(too_long(document))
    others = Issue.objects.filter(newsletter=issue.newsletter_id, number=document.number)
    if others.exclude(pk=issue.pk).exists():
        message = f"There is an issue {document.number} already: choose another number."
        errors.append(FieldError("number", "number", message))
    unknown, away = unknown_topics(document), elsewhere(issue, document.keys)
    for number, story in enumerate(document.stories, start=1):
        if not unknown.isdisjoint(story.topics):
            message = "There is no such topic: choose from the list."
            errors.append(FieldError(named("topics", number), path_of("topics", story.id), message, story.id))
        if isinstance(story.id, int) and story.id in away:
            place = away[story.id]
            message = f"It stands in {place or 'the backlog of another newsletter'} now: remove it here."
            errors.append(FieldError(f"story {number}", f"stories.{story.id}", message, story.id))
    return tuple(errors)
