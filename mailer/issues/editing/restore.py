"""Restoring a version: what it holds becomes the newest revision, and what was there stays a version like any other."""

from dataclasses import replace
from typing import Any

from django.db import transaction

from mailer.issues.editing.document import Document
from mailer.issues.editing.rows import document_of, elsewhere, unknown_topics
from mailer.issues.editing.save import Saved, hold, write
from mailer.issues.editing.versions import documents_at
from mailer.issues.models import Issue


class NoSuchVersion(Exception):
    """A revision that no version is kept of."""

    code = "no_such_version"


@transaction.atomic
def restore(issue_id: int, revision: int, by: Any) -> Saved:
    """Make an issue again what it was at a revision.

    Stories that were deleted since are made anew, and those that went to the backlog come back. One that stands in
    another issue by now is copied, and stays there. A number that another issue has by now is not taken back.

    Raises:
        NoSuchVersion: it is kept no more.
        Locked: a send of the issue was started.
    """
    issue = hold(issue_id)
    wanted = documents_at(issue, [revision]).get(revision)
    if wanted is None:
        raise NoSuchVersion(
            f"{issue} has no version of revision {revision}: of old ones only the last in each ten minutes are kept."
        )
    return write(
        issue, _that_fits(issue, wanted), document_of(issue), by, why=f"Restored from revision {revision}"
    )


def _that_fits(issue: Issue, document: Document) -> Document:
    away, unknown = elsewhere(issue, document.keys), unknown_topics(document)
    others = Issue.objects.filter(newsletter=issue.newsletter_id, number=document.number).exclude(pk=issue.pk)
    stories = tuple(
        replace(
            story,
            id=f"new-{story.id}" if story.id in away else story.id,
            topics=tuple(topic for topic in story.topics if topic not in unknown),
        )
        for story in document.stories
    )
    return replace(document, number=issue.number if others.exists() else document.number, stories=stories)
