"""The document of an issue: what its editors write, as plain frozen data and as JSON."""

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

Key = int | str
"""What a story is called: the number of its row, or, while it has none, what its page called it, such as "new-1"."""


@dataclass(frozen=True, slots=True)
class DraftStory:
    """A story as editors write it. `topics` are ids, in ascending order."""

    id: Key
    headline: str = ""
    body: str = ""
    link: str = ""
    link_label: str = ""
    image: str = ""
    image_alt: str = ""
    topics: tuple[int, ...] = ()
    for_everyone: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """An issue as editors write it, with its stories in order, the hidden ones among them."""

    number: int
    date: datetime.date
    subject: str = ""
    preheader: str = ""
    intro: str = ""
    outro: str = ""
    call_to_action_label: str = ""
    call_to_action_link: str = ""
    stories: tuple[DraftStory, ...] = ()

    @property
    def keys(self) -> tuple[Key, ...]:
        """What its stories are called, in order."""
        return tuple(story.id for story in self.stories)

    def story(self, key: Key) -> DraftStory | None:
        """The story that is called so."""
        return next((story for story in self.stories if story.id == key), None)


ISSUE_FIELDS = tuple(field.name for field in fields(Document) if field.name != "stories")
STORY_FIELDS = tuple(field.name for field in fields(DraftStory) if field.name != "id")
_WORDS = {
    "link_label": "link label",
    "image_alt": "image alt",
    "for_everyone": "for everyone",
    "call_to_action_label": "call to action, label",
    "call_to_action_link": "call to action, link",
}


def named(field: str, number: int | None = None) -> str:
    """A field as people are told of it, in the words of the lint: "subject", "link label", "story 3, link label".

    Args:
        field: the name of one of an issue, or of one of a story.
        number: the place of its story in the issue, from 1; None leaves it out.
    """
    words = _WORDS.get(field, field)
    return words if number is None else f"story {number}, {words}"


def path_of(field: str, key: Key | None = None) -> str:
    """A field as pages find it: "subject", "stories.12.link_label"."""
    return field if key is None else f"stories.{key}.{field}"


def story_json(story: DraftStory) -> dict[str, Any]:
    """A story as pages and versions hold it."""
    return {**asdict(story), "topics": list(story.topics)}


def as_json(document: Document) -> dict[str, Any]:
    """A document as pages and versions hold it: {"issue": {…}, "stories": [{…}, …]}."""
    issue = {name: getattr(document, name) for name in ISSUE_FIELDS}
    return {
        "issue": {**issue, "date": document.date.isoformat()},
        "stories": [story_json(story) for story in document.stories],
    }


def from_json(content: Mapping[str, Any]) -> Document:
    """The document that `as_json` wrote."""
    issue = content["issue"]
    return Document(
        **{**issue, "date": datetime.date.fromisoformat(issue["date"])},
        stories=tuple(
            DraftStory(**{**story, "topics": tuple(story["topics"])}) for story in content["stories"]
        ),
    )
