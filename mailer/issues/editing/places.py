"""From the places that the lint and the builder name to the fields of the page."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailer.issues.editing.document import ISSUE_FIELDS, STORY_FIELDS, Key, named, path_of

_LINE = re.compile(r", line (\d+)$")
_STORY = re.compile(r"story (\d+)(?:, (.+))?")
_OF_ISSUE = {named(name): name for name in ISSUE_FIELDS}
_OF_STORY = {named(name): name for name in STORY_FIELDS}


@dataclass(frozen=True, slots=True)
class Place:
    """A field of the page by its path, such as "stories.12.body", and the line in it, from 1. None for what is written
    elsewhere: in the newsletter's settings, in a theme."""

    field: str | None
    line: int | None = None


def place_of(where: str, keys: Sequence[Key]) -> Place:
    """The place that a finding or a problem is about.

    Args:
        where: as they name it: "story 3, body, line 2", "subject", "newsletter, logo", "HTML".
        keys: what the stories that were looked at are called, in order.
    """
    found = _LINE.search(where)
    line = int(found[1]) if found else None
    name = where[: found.start()] if found else where
    if name == "stories":
        return Place("stories")
    if story := _STORY.fullmatch(name):
        return _in_story(int(story[1]), story[2], keys, line)
    return Place(_OF_ISSUE[name], line) if name in _OF_ISSUE else Place(None)


def _in_story(number: int, name: str | None, keys: Sequence[Key], line: int | None) -> Place:
    if not 1 <= number <= len(keys):
        return Place("stories")
    key = keys[number - 1]
    if name in _OF_STORY:
        return Place(path_of(_OF_STORY[name], key), line)
    return Place(f"stories.{key}", line)
