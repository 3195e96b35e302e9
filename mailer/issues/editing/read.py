"""A document as it comes from a page: read field by field, with an error for each field that cannot be kept."""

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from mailer.issues.builder.build import MOST_STORIES
from mailer.issues.editing.document import Document, DraftStory, Key, named, path_of

LONGEST = {
    "subject": 300,
    "preheader": 300,
    "intro": 50_000,
    "outro": 50_000,
    "call_to_action_label": 100,
    "call_to_action_link": 2_000,
    "headline": 300,
    "body": 50_000,
    "link": 2_000,
    "link_label": 100,
    "image": 2_000,
    "image_alt": 300,
}
"""Characters that a field takes."""
MOST_TEXT = 200_000
"""Characters of all fields of an issue together: twice what a mail program shows of a mail, and what is hidden beside."""
HIGHEST_NUMBER = 2_147_483_647
MOST_TOPICS = 100
_NEW = re.compile(r"new-[A-Za-z0-9_-]{1,40}")
UNKEPT = re.compile("[\x00\ud800-\udfff]")
"""What PostgreSQL and UTF-8 cannot hold."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with a field. `field` is its path, such as "stories.12.body"; `story` the key of its story."""

    where: str
    field: str
    message: str
    story: Key | None = None


class Invalid(Exception):
    """A document that cannot be kept; `errors` name every field and what to do."""

    code = "invalid"

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{error.where}: {error.message}" for error in errors))


def read_document(written: Any) -> Document:
    """The document that a page sent; see the head of document.py for its shape.

    Fields may be empty: an issue is written over days, and the lint looks at what is missing before it is sent.

    Raises:
        Invalid: fields are missing, too long or of another kind.
    """
    reader = _Reader()
    issue = written.get("issue") if isinstance(written, Mapping) else None
    stories = written.get("stories") if isinstance(written, Mapping) else None
    if not isinstance(issue, Mapping) or not isinstance(stories, list):
        raise Invalid((FieldError("issue", "issue", "Send the issue and its stories: reload the page."),))
    if len(stories) > MOST_STORIES:
        raise Invalid(
            (
                FieldError(
                    "stories", "stories", f"An issue holds {MOST_STORIES} stories at most: remove some."
                ),
            )
        )
    texts = ("subject", "preheader", "intro", "outro", "call_to_action_label", "call_to_action_link")
    document = Document(
        number=reader.take(issue, "number", _number),
        date=reader.take(issue, "date", _date),
        **{name: reader.take(issue, name, _text(name)) for name in texts},
        stories=tuple(reader.story(story, number) for number, story in enumerate(stories, start=1)),
    )
    reader.check_keys(document)
    if errors := tuple(reader.errors) or too_long(document):
        raise Invalid(errors)
    return document


def too_long(document: Document) -> tuple[FieldError, ...]:
    """The error of a document whose fields are too long together; none of another."""
    length = sum(len(getattr(of, name, "")) for of in (document, *document.stories) for name in LONGEST)
    if length <= MOST_TEXT:
        return ()
    message = (
        f"An issue has {MOST_TEXT:,} characters at most, and this one {length:,}: shorten or remove some."
    )
    return (FieldError("stories", "stories", message),)


class _Refused(Exception):
    """A value that cannot be kept; the message says what to write."""


class _Reader:
    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def take(
        self,
        fields: Mapping[str, Any],
        name: str,
        read: Callable[[Any], Any],
        key: Key | None = None,
        number: int | None = None,
    ) -> Any:
        """A field's value, or a value like it and an error more."""
        try:
            if name not in fields:
                raise _Refused("It is missing: reload the page.")
            return read(fields[name])
        except _Refused as refused:
            self.errors.append(FieldError(named(name, number), path_of(name, key), str(refused), key))
            return None

    def story(self, written: Any, number: int) -> DraftStory:
        key = written.get("id") if isinstance(written, Mapping) else None
        if not _is_key(key):
            self.errors.append(FieldError(f"story {number}", "stories", "It has no number: reload the page."))
            return DraftStory(f"new-{number}")
        readers: dict[str, Callable[[Any], Any]] = {
            name: _text(name) for name in ("headline", "body", "link", "link_label", "image", "image_alt")
        }
        readers |= {"topics": _topics, "for_everyone": _yes_or_no, "hidden": _yes_or_no}
        return DraftStory(
            key, **{name: self.take(written, name, read, key, number) for name, read in readers.items()}
        )

    def check_keys(self, document: Document) -> None:
        seen: set[Key] = set()
        for number, key in enumerate(document.keys, start=1):
            if key in seen:
                message = "It stands in the issue twice: remove one."
                self.errors.append(FieldError(f"story {number}", f"stories.{key}", message, key))
            seen.add(key)


def _is_key(key: Any) -> TypeGuard[Key]:
    if isinstance(key, str):
        return _NEW.fullmatch(key) is not None
    return type(key) is int and 0 < key < 2**63


def _text(name: str) -> Callable[[Any], str]:
    most = LONGEST[name]

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise _Refused("Write text.")
        text = UNKEPT.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
        if len(text) > most:
            raise _Refused(f"It has {len(text):,} characters, and {most:,} are kept: shorten it.")
        return text

    return read


def _number(value: Any) -> int:
    if type(value) is not int or not 0 < value <= HIGHEST_NUMBER:
        raise _Refused("Write the number of the issue, such as 12.")
    return value


def _date(value: Any) -> datetime.date:
    try:
        day = datetime.date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise _Refused("Write a day, such as 2026-11-30.") from error
    if not 1990 <= day.year <= 2200:
        raise _Refused("Write a day from 1990 to 2200: look at the year.")
    return day


def _topics(value: Any) -> tuple[int, ...]:
    if (
        not isinstance(value, list)
        or len(value) > MOST_TOPICS
        or not all(type(topic) is int and 0 < topic < 2**31 for topic in value)
    ):
        raise _Refused("Choose topics from the list.")
    return tuple(sorted(set(value)))


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Refused("Say yes or no.")
    return value
