"""What changed from one document to another: word by word in each field, and story by story."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any, Literal

from mailer.issues.editing.document import ISSUE_FIELDS, STORY_FIELDS, Document, DraftStory, Key, named

# A word, a run of spaces, or one sign; in scripts that put no spaces between words each character is a word.
_WORDS = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0eff]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0eff]+|\s+|[^\w\s]"
)
MOST_PAIRS = 4_000_000
"""Words times words that are compared; texts beyond are shown as replaced. Comparing takes time with their product."""

Kind = Literal["same", "out", "in"]


@dataclass(frozen=True, slots=True)
class Part:
    """A run of words that stayed, went out or came in."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that changed, from one text to another. `where` names it for people."""

    where: str
    before: str
    after: str

    @property
    def parts(self) -> tuple[Part, ...]:
        """The change word by word. It takes its time, and whoever only counts changes does not ask."""
        return words_of(self.before, self.after)


@dataclass(frozen=True, slots=True)
class StoryChange:
    """A story that came, went, moved or was written anew.

    Args:
        before, after: its place, from 1; None where it is not there.
        moved: it stands in another order among the others.
    """

    key: Key
    headline: str
    before: int | None
    after: int | None
    moved: bool
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """All that changed, in the order of the newer document; stories that went are at the end."""

    fields: tuple[FieldChange, ...]
    stories: tuple[StoryChange, ...]

    def __bool__(self) -> bool:
        return bool(self.fields or self.stories)

    @property
    def summary(self) -> str:
        """In a few words: "subject; 1 story added, 2 changed"."""
        count = {
            "added": sum(story.before is None for story in self.stories),
            "removed": sum(story.after is None for story in self.stories),
            "changed": sum(bool(story.before and story.after and story.fields) for story in self.stories),
            "moved": sum(story.moved for story in self.stories),
        }
        told = [f"{number} {what}" for what, number in count.items() if number]
        if told:
            first, _, what = told[0].partition(" ")
            told[0] = f"{first} {'story' if first == '1' else 'stories'} {what}"
        fields = ", ".join(change.where for change in self.fields)
        return "; ".join(part for part in (fields, ", ".join(told)) if part) or "nothing"


def difference(before: Document, after: Document, topics: dict[int, str] | None = None) -> Difference:
    """What changed from one document to another.

    Args:
        topics: their names by id, for what is shown of them.
    """
    names = topics or {}
    fields = tuple(_fields(ISSUE_FIELDS, before, after, names))
    moved = _moved(before.keys, after.keys)
    return Difference(fields, tuple(_stories(before, after, moved, names)))


def told(revisions: Sequence[int], documents: Mapping[int, Document]) -> dict[int, str]:
    """What each of some revisions changed from the one that follows it in the list, in a few words.

    Args:
        revisions: the newest first. Of the last nothing can be said: it has no entry.
    """
    there_are = (revision for revision in revisions if revision in documents)
    return {
        newer: difference(documents[older], documents[newer]).summary for newer, older in pairwise(there_are)
    }


def words_of(before: str, after: str) -> tuple[Part, ...]:
    """The texts of two fields word by word: what is "same" or "out" is the text before, "same" or "in" the one after."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) * len(new) > MOST_PAIRS:
        changes: list[tuple[Kind, Sequence[str]]] = [("out", old), ("in", new)]
    else:
        changes = []
        for act, start, end, new_start, new_end in SequenceMatcher(None, old, new, False).get_opcodes():
            if act == "equal":
                changes.append(("same", old[start:end]))
            else:
                changes += [("out", old[start:end]), ("in", new[new_start:new_end])]
    return tuple(Part(kind, "".join(words)) for kind, words in changes if words)


def _stories(
    before: Document, after: Document, moved: frozenset[Key], names: dict[int, str]
) -> Iterator[StoryChange]:
    places = {key: number for number, key in enumerate(before.keys, start=1)}
    for number, story in enumerate(after.stories, start=1):
        was = before.story(story.id)
        fields = tuple(_fields(STORY_FIELDS, was or DraftStory(story.id), story, names))
        if was is None or fields or story.id in moved:
            yield StoryChange(
                story.id, story.headline, places.get(story.id), number, story.id in moved, fields
            )
    for story in before.stories:
        if story.id not in after.keys:
            gone = tuple(_fields(STORY_FIELDS, story, DraftStory(story.id), names))
            yield StoryChange(story.id, story.headline, places[story.id], None, False, gone)


def _fields(fields: Sequence[str], before: Any, after: Any, names: dict[int, str]) -> Iterator[FieldChange]:
    for name in fields:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield FieldChange(named(name), _shown(old, names), _shown(new, names))


def _shown(value: Any, names: dict[int, str]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(names.get(topic, str(topic)) for topic in value)
    return str(value)


def _moved(before: Sequence[Key], after: Sequence[Key]) -> frozenset[Key]:
    """The fewest stories that must have moved: those outside of the longest run that kept its order."""
    places = {key: place for place, key in enumerate(before)}
    shared = [key for key in after if key in places]
    ends: list[int] = []
    chains: list[list[Key]] = []
    for key in shared:
        at = bisect_left(ends, places[key])
        chain = [*(chains[at - 1] if at else []), key]
        ends[at : at + 1], chains[at : at + 1] = [places[key]], [chain]
    return frozenset(shared) - frozenset(chains[-1] if chains else ())
