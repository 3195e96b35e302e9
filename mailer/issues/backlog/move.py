"""From the backlog into an issue."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from mailer.issues.editing.create import new_issue
from mailer.issues.editing.rows import document_of, story_of
from mailer.issues.editing.save import Saved, hold, write
from mailer.issues.models import Issue, Newsletter, Story


@transaction.atomic
def put_into(issue: Issue, stories: Sequence[Story], by: Any) -> Saved:
    """Put stories of its newsletter's backlog behind those of an issue, in this order, as its next revision.

    Raises:
        Locked: a send of the issue was started.
        Invalid: a story cannot be moved there, because it is in another issue by now.
    """
    held = hold(issue.pk)
    now = document_of(held)
    new = tuple(story_of(story) for story in stories if story.pk not in now.keys)
    return write(held, replace(now, stories=(*now.stories, *new)), now, by, why="Stories from the backlog")


@transaction.atomic
def new_issue_with(newsletter: Newsletter, stories: Sequence[Story], by: Any) -> Issue:
    """The next issue of a newsletter, begun from its last one, with these stories."""
    issue = new_issue(newsletter, by, like_last=True)
    put_into(issue, stories, by)
    return issue
