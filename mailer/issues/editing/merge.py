"""Merging two changes of one document, field by field, with what both started from.

Whoever changed a field alone has it as they wrote it. A field that both changed in different ways is a conflict, as is a
story that one deleted and the other changed, and an order that both changed. Nothing is ever lost without a conflict.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mailer.issues.editing.document import (
    ISSUE_FIELDS,
    STORY_FIELDS,
    Document,
    DraftStory,
    Key,
    named,
    path_of,
    story_json,
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """What cannot be merged. The values are as JSON holds them; None for a story that is not there.

    `field` is a path: "subject", "stories.12.body", "stories.12" for the whole story, "stories" for their order.
    """

    where: str
    field: str
    story: Key | None
    base: Any
    mine: Any
    theirs: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """The document with the changes of both; where there are conflicts it has theirs at those."""

    document: Document
    conflicts: tuple[Conflict, ...]


class _Unknown:
    """In place of a value that nobody knows any more: equal to nothing."""


_UNKNOWN = _Unknown()


def merge(
    base: Document | None, mine: Document, theirs: Document, moved_out: Collection[Key] = frozenset()
) -> Merged:
    """Merge two documents that were made from one.

    Args:
        base: what both started from; None where it is known no more: then every difference is a conflict.
        moved_out: stories that are left out of `mine` and kept elsewhere, in the backlog: no conflict, nothing is lost.
    """
    merger = _Merger(base, mine, theirs, moved_out)
    fields = {name: merger.issue_field(name) for name in ISSUE_FIELDS}
    stories = merger.stories()
    return Merged(Document(**fields, stories=stories), tuple(merger.conflicts))


class _Merger:
    def __init__(
        self, base: Document | None, mine: Document, theirs: Document, moved_out: Collection[Key]
    ) -> None:
        self.base, self.mine, self.theirs, self.moved_out = base, mine, theirs, moved_out
        self.conflicts: list[Conflict] = []

    def issue_field(self, name: str) -> Any:
        base = _UNKNOWN if self.base is None else getattr(self.base, name)
        return self._field(name, None, None, base, getattr(self.mine, name), getattr(self.theirs, name))

    def stories(self) -> tuple[DraftStory, ...]:
        order = self._order()
        merged: list[DraftStory] = []
        for key in order:
            story = self._story(key)
            if story is not None:
                merged.append(story)
        return tuple(merged)

    def _story(self, key: Key) -> DraftStory | None:
        mine, theirs = self.mine.story(key), self.theirs.story(key)
        base = self.base.story(key) if self.base else None
        if mine and theirs:
            return self._merge_story(base, mine, theirs)
        if mine is None:
            return None if key in self.moved_out else self._one_sided(key, base, None, theirs)
        return self._one_sided(key, base, mine, None)

    def _one_sided(
        self, key: Key, base: DraftStory | None, mine: DraftStory | None, theirs: DraftStory | None
    ) -> DraftStory | None:
        """A story that only one of them has: it was added there, or deleted by the other."""
        there = mine or theirs
        if base is None and (self.base is not None or isinstance(key, str)):
            return there
        if there == base:
            return None
        self.conflicts.append(
            Conflict(
                self._where(key),
                f"stories.{key}",
                key,
                *(story_json(story) if story else None for story in (base, mine, theirs)),
            )
        )
        return theirs

    def _merge_story(self, base: DraftStory | None, mine: DraftStory, theirs: DraftStory) -> DraftStory:
        changed = {
            name: self._field(
                name,
                mine.id,
                self._number(mine.id),
                getattr(base, name) if base else _UNKNOWN,
                getattr(mine, name),
                getattr(theirs, name),
            )
            for name in STORY_FIELDS
        }
        return replace(theirs, **changed)

    def _field(
        self, name: str, key: Key | None, number: int | None, base: Any, mine: Any, theirs: Any
    ) -> Any:
        if mine == theirs or theirs == base:
            return mine
        if mine == base:
            return theirs
        shown = (None if base is _UNKNOWN else base, mine, theirs)
        self.conflicts.append(
            Conflict(named(name, number), path_of(name, key), key, *(_as_json(value) for value in shown))
        )
        return theirs

    def _order(self) -> list[Key]:
        """Every story of either, in the order of who moved any; those that the other added follow what they followed
        there."""
        mine, theirs = self.mine.keys, self.theirs.keys
        shared = set(mine) & set(theirs)
        known = shared & set(self.base.keys) if self.base else shared
        base, of_mine, of_theirs = (
            _only(keys, known) for keys in (self.base.keys if self.base else (), mine, theirs)
        )
        if of_mine != of_theirs and (self.base is None or base not in (of_mine, of_theirs)):
            self.conflicts.append(Conflict("order of stories", "stories", None, base, of_mine, of_theirs))
            return _woven(theirs, mine)
        return _woven(theirs, mine) if of_mine == base else _woven(mine, theirs)

    def _number(self, key: Key) -> int:
        """The place of a story, for people: where the one who saves sees it."""
        keys = self.mine.keys if key in self.mine.keys else self.theirs.keys
        return keys.index(key) + 1

    def _where(self, key: Key) -> str:
        return f"story {self._number(key)}"


def _only(keys: Sequence[Key], wanted: Collection[Key]) -> list[Key]:
    return [key for key in keys if key in wanted]


def _woven(lead: Sequence[Key], other: Sequence[Key]) -> list[Key]:
    """The keys of `lead` in their order, and each further one of `other` behind what it follows there."""
    woven = list(lead)
    before: Key | None = None
    for key in other:
        if key not in lead:
            woven.insert(woven.index(before) + 1 if before is not None else 0, key)
        before = key
    return woven


def _as_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if hasattr(value, "isoformat") else value
