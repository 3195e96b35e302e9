"""The versions of an issue: one for each revision, thinned as they grow old."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from mailer.issues.editing.document import Document, Key, as_json, from_json
from mailer.issues.editing.who import name_of
from mailer.issues.models import Issue, Version

# Whatever somebody named a reason for (restored, started from another issue) is kept for ever, and so is the newest.
_THIN = """
DELETE FROM issues_version WHERE id IN (
    SELECT id FROM (
        SELECT id, row_number() OVER (
            PARTITION BY by_id, floor(extract(epoch FROM at) / 600) ORDER BY revision DESC
        ) AS place
        FROM issues_version
        WHERE issue_id = %(issue)s AND why = '' AND at < statement_timestamp() - interval '1 hour'
    ) old
    WHERE place > 1
)
"""


@dataclass(frozen=True, slots=True)
class Saving:
    """How a version came about: the page that saved it, by a name that it gave itself, and what became of the stories
    that it called "new-…"."""

    client: str = ""
    made: tuple[tuple[Key, int], ...] = ()


def keep(issue: Issue, document: Document, by: Any, why: str = "", saving: Saving | None = None) -> None:
    """Write down what an issue is at its revision, once.

    Args:
        by: who wrote it; None where nobody knows.
        why: such as "restored from 4"; a version with a reason is never thinned out.
    """
    content = as_json(document)
    if saving is not None and saving.client:
        content |= {"client": saving.client, "made": dict(saving.made)}
    Version.objects.get_or_create(
        issue=issue, revision=issue.revision, defaults={"content": content, "by": by, "why": why[:200]}
    )


def thin(issue: Issue) -> int:
    """Forget what nobody will look for: of what is older than an hour the last version in each ten minutes of each
    editor stays. Returns how many went."""
    with connection.cursor() as cursor:
        cursor.execute(_THIN, {"issue": issue.pk})
        return int(cursor.rowcount)


def documents_at(issue: Issue, revisions: Iterable[int]) -> dict[int, Document]:
    """The documents as they were at some revisions; without those of which no version is kept any more."""
    versions = Version.objects.filter(issue=issue, revision__in=list(revisions))
    return {version.revision: from_json(version.content) for version in versions}


@dataclass(frozen=True, slots=True)
class Kept:
    """A version in the list of them. `by` is a name, or "" where nobody is known."""

    revision: int
    at: datetime
    by: str
    why: str


def kept(issue: Issue, most: int) -> list[Kept]:
    """The newest versions of an issue, the newest first."""
    rows = Version.objects.filter(issue=issue).select_related("by").defer("content").order_by("-revision")
    return [Kept(row.revision, row.at, name_of(row.by), row.why) for row in rows[:most]]
