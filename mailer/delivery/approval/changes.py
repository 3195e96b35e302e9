"""What is different between two matters, in words, place by place: what an approver has to look at again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mailer.issues.editing.document import ISSUE_FIELDS, STORY_FIELDS, named


@dataclass(frozen=True)
class Change:
    """One difference: where it is, and the text before and after; "" where there is none."""

    where: str
    before: str
    after: str


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Change, ...]:
    """The differences between the documents of two matters; of the first, fields may be missing."""
    if not before:
        return ()
    return (
        *_subjects(before.get("subjects", []), now["subjects"]),
        *_fields({name: named(name).capitalize() for name in ISSUE_FIELDS}, before["issue"], now["issue"]),
        *_stories(before["issue"]["stories"], now["issue"]["stories"]),
        *_newsletter(before, now),
        *_audience(before["audience"], now["audience"]),
    )


def _subjects(before: list[list[str]], now: list[list[str]]) -> Iterator[Change]:
    for number in range(max(len(before), len(now))):
        old, new = (pairs[number] if number < len(pairs) else ["", ""] for pairs in (before, now))
        of = f" of variant {number}" if number else ""
        for name, was, is_ in zip(("Subject", "Preheader"), old, new, strict=True):
            if was != is_:
                yield Change(f"{name}{of}", was, is_)


def _fields(says: Mapping[str, str], before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    """Those that differ, of the fields that there are words for."""
    for name, where in says.items():
        old, new = _text(before.get(name)), _text(now.get(name))
        if old != new:
            yield Change(where, old, new)


def _stories(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> Iterator[Change]:
    old, new = ({story["id"]: story for story in stories} for stories in (before, now))
    for number, story in old.items():
        if number not in new:
            yield Change("Story taken out", story["headline"], "")
    for number, story in new.items():
        if number not in old:
            yield Change("New story", "", story["headline"])
        else:
            says = {name: f"Story “{story['headline']}”: {named(name)}" for name in STORY_FIELDS}
            yield from _fields(says, old[number], story)
    kept = [[number for number in stories if number in old and number in new] for stories in (old, new)]
    if kept[0] != kept[1]:
        order = (" · ".join(new[number]["headline"] for number in numbers) for numbers in kept)
        yield Change("Order of the stories", *order)


def _newsletter(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    old, new = (dict(each["issue"]["newsletter"]) for each in (before, now))
    files = [each.pop("theme_files", []) for each in (old, new)]
    says = {name: f"{name.replace('_', ' ').capitalize()} of the newsletter" for name in new}
    yield from _fields(says, old, new)
    yield from _fields({"reply_to": "Address that replies go to"}, before, now)
    if files[0] != files[1] or before.get("theme") != now["theme"]:
        yield Change("Sources of the theme", "", "")


def _audience(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    if before["list"] != now["list"]:
        yield Change("Mailing list", "", "")
    if before["parts"] != now["parts"]:
        yield Change("Segments of the audience", "", "")
    if before["segments"] != now["segments"]:
        yield Change("Segments that the audience’s rules name", "", "")
    if before.get("snapshots", {}) != now["snapshots"]:
        yield Change("Snapshots that the audience’s rules name", "", "")


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(_text, value))
        case dict():
            return ", ".join(f"{name}: {_text(each)}" for name, each in value.items() if each)
    return str(value)
