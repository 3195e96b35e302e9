"""A second story like one of an issue, right behind it."""

from dataclasses import replace
from typing import Any

from django.db import transaction

from mailer.issues.editing.rows import document_of
from mailer.issues.editing.save import Saved, hold, write


class NoSuchStory(Exception):
    """The issue has no such story, or no more."""

    code = "no_such_story"


@transaction.atomic
def duplicate_story(issue_id: int, story_id: int, by: Any) -> Saved:
    """Put a copy of a story behind it.

    Raises:
        NoSuchStory: it does not stand in the issue.
        Locked: a send of the issue was started.
    """
    issue = hold(issue_id)
    now = document_of(issue)
    story = now.story(story_id)
    if story is None:
        raise NoSuchStory("The story is not in this issue any more: reload the page.")
    place = now.keys.index(story_id) + 1
    copy = replace(story, id="new-copy")
    return write(issue, replace(now, stories=(*now.stories[:place], copy, *now.stories[place:])), now, by)
