"""Rules of segments in plain Python: what they mean, said a second time and without SQL."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any


@dataclass
class OnList:
    list: str
    state: str
    cadence: str = "every"
    paused_until: date | None = None
    source: str = ""
    created_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Got:
    """What happened with one issue."""

    sent: bool = True
    delivered_at: datetime | None = None
    opened_at: datetime | None = None
    clicked_at: datetime | None = None
    links: dict[str, datetime] = field(default_factory=dict)


@dataclass
class Person:
    email: str
    first_name: str = ""
    last_name: str = ""
    language: str = ""
    time_zone: str = ""
    country: str = ""
    created_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    topics: frozenset[str] = frozenset()
    attributes: dict[str, Any] = field(default_factory=dict)
    lists: list[OnList] = field(default_factory=list)
    suppressed: frozenset[str] = frozenset()
    snapshots: frozenset[str] = frozenset()
    issues: dict[int, Got] = field(default_factory=dict)


@dataclass(frozen=True)
class PlainLink:
    url: str
    topics: frozenset[str]
    headline: str
    story: int


@dataclass(frozen=True)
class PlainIssue:
    newsletter: str
    list: str
    sent_at: datetime
    links: tuple[PlainLink, ...]


@dataclass
class World:
    """Issues by number, oldest first; segments by slug."""

    now: datetime
    issues: dict[int, PlainIssue] = field(default_factory=dict)
    segments: dict[str, Mapping[str, Any]] = field(default_factory=dict)


TEXT_FIELDS = ("email", "first_name", "last_name", "language", "time_zone", "country")


def holds(part: Mapping[str, Any], person: Person, world: World) -> bool:
    """Whether a rule, or a part of one, is true for a person."""
    if "all" in part:
        return all(holds(each, person, world) for each in part["all"])
    if "any" in part:
        return any(holds(each, person, world) for each in part["any"])
    if "none" in part:
        return not any(holds(each, person, world) for each in part["none"])
    if "field" in part:
        return _field(part, person, world.now)
    if "attribute" in part:
        return _attribute(part, person.attributes.get(part["attribute"]), world.now)
    if "list" in part:
        return any(_on(part, each, world.now) for each in person.lists)
    if "topic" in part:
        return part["topic"] in person.topics or not (person.topics or part.get("chosen"))
    if "every_topic" in part:
        return part["every_topic"] == (not person.topics)
    if "suppressed" in part:
        reasons = part["suppressed"]
        if isinstance(reasons, bool):
            return reasons == bool(person.suppressed)
        return bool(person.suppressed & set([reasons] if isinstance(reasons, str) else reasons))
    if "snapshot" in part:
        return part["snapshot"] in person.snapshots
    if "segment" in part:
        return holds(world.segments[part["segment"]], person, world)
    if "score" in part:
        return _number(part["score"], Decimal(score(part, person, world)))
    return _engaged(part, person, world)


def _field(part: Mapping[str, Any], person: Person, now: datetime) -> bool:
    name = part["field"]
    if name == "created":
        return _day(part, person.created_at.astimezone(UTC).date().isoformat(), now)
    return _text(part, person.email.rpartition("@")[2] if name == "domain" else getattr(person, name))


def _text(part: Mapping[str, Any], value: str) -> bool:
    value = value.lower()
    if "is_empty" in part:
        return part["is_empty"] == (value == "")
    tests = {
        "is": lambda given: value == given,
        "is_not": lambda given: value != given,
        "contains": lambda given: given in value,
        "starts_with": value.startswith,
        "ends_with": value.endswith,
    }
    for op, test in tests.items():
        if op in part:
            return bool(test(part[op].lower()))
    listed = [each.lower() for each in part.get("is_any_of", part.get("is_none_of", []))]
    return (value in listed) == ("is_any_of" in part)


def _number(part: Mapping[str, Any], value: Decimal) -> bool:
    given = {op: Decimal(str(number)) for op, number in part.items() if op in NUMBERS}
    if "between" in part:
        low, high = (Decimal(str(number)) for number in part["between"])
        return low <= value <= high
    ((op, number),) = given.items()
    return bool(NUMBERS[op](value, number))


NUMBERS: dict[str, Any] = {
    "is": lambda value, given: value == given,
    "is_not": lambda value, given: value != given,
    "at_least": lambda value, given: value >= given,
    "at_most": lambda value, given: value <= given,
    "less_than": lambda value, given: value < given,
    "more_than": lambda value, given: value > given,
}


def _day(part: Mapping[str, Any], value: str, now: datetime) -> bool:
    """Days as texts, 2026-03-31."""
    today = now.astimezone(UTC).date()
    if "before" in part:
        return value < part["before"]
    if "after" in part:
        return value > part["after"]
    if "on" in part:
        return value == part["on"]
    days = part.get("in_last_days", part.get("not_in_last_days"))
    within = (today - timedelta(days=days)).isoformat() <= value <= today.isoformat()
    return within == ("in_last_days" in part)


def _attribute(part: Mapping[str, Any], value: Any, now: datetime) -> bool:
    kind = part["type"]
    if kind != "text" and "is_empty" in part:
        return part["is_empty"] == (value is None or value == "" or value == [])
    match kind, value:
        case "text", None:
            return _text(part, "")
        case "text", str():
            return _text(part, value)
        case "number", int() | float() if not isinstance(value, bool):
            return _number(part, Decimal(str(value)))
        case "number", str() if re.fullmatch(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?", value):
            return _number(part, Decimal(value))
        case "date", str() if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]|\Z)", value):
            return _day(part, value[:10], now)
        case "yes_no", bool():
            return value == part["is"]
        case "yes_no", str() if value.lower() in ("true", "yes", "y", "1", "on"):
            return bool(part["is"])
        case "yes_no", str() if value.lower() in ("false", "no", "n", "0", "off"):
            return not part["is"]
        case "list", list():
            return _list(part, {each.lower() for each in value if isinstance(each, str)})
    return False


def _list(part: Mapping[str, Any], values: set[str]) -> bool:
    ((op, given),) = ((op, part[op]) for op in ("has_any_of", "has_all_of", "has_none_of") if op in part)
    found = [each.lower() in values for each in given]
    return all(found) if op == "has_all_of" else any(found) == (op == "has_any_of")


def _on(part: Mapping[str, Any], each: OnList, now: datetime) -> bool:
    states, cadences = part.get("state", "active"), part.get("cadence", each.cadence)
    paused = each.paused_until is not None and each.paused_until > now.astimezone(UTC).date()
    return (
        part["list"] in ("*", each.list)
        and each.state in ([states] if isinstance(states, str) else states)
        and each.cadence in ([cadences] if isinstance(cadences, str) else cadences)
        and paused == part.get("paused", paused)
        and (
            "signed_up" not in part
            or _day(part["signed_up"], each.created_at.astimezone(UTC).date().isoformat(), now)
        )
        and ("source" not in part or _text(part["source"], each.source))
    )


def _last_issues(part: Mapping[str, Any], world: World, count: int | None) -> list[int]:
    """The numbers of the issues in the window, the newest first."""
    found = [
        number
        for number, issue in world.issues.items()
        if part.get("of", issue.newsletter) == issue.newsletter
        and part.get("of_list", issue.list) == issue.list
    ]
    return found[::-1][:count]


def _engaged(part: Mapping[str, Any], person: Person, world: World) -> bool:
    negated = any(key in part for key in ("never", "not_in_last_issues", "not_in_last_days"))
    days = part.get("in_last_days", part.get("not_in_last_days"))
    since = world.now - timedelta(days=days) if days else None
    numbers = _last_issues(part, world, part.get("in_last_issues", part.get("not_in_last_issues")))
    times = [
        at for number in numbers if number in person.issues for at in _times(part, person, world, number)
    ]
    return any(since is None or at >= since for at in times) != negated


def _times(part: Mapping[str, Any], person: Person, world: World, number: int) -> list[datetime]:
    """When it happened with an issue, if it did."""
    got, issue = person.issues[number], world.issues[number]
    if "sent" in part:
        return [issue.sent_at] if got.sent else []
    if "clicked" in part and not isinstance(part["clicked"], bool):
        ((target, name),) = part["clicked"].items()
        return [
            got.links[link.url]
            for link in issue.links
            if link.url in got.links and _is_named(link, target, name)
        ]
    act = next(act for act in ("delivered", "opened", "clicked") if act in part)
    at = getattr(got, f"{act}_at")
    return [at] if at else []


def _is_named(link: PlainLink, target: str, name: Any) -> bool:
    match target:
        case "topic":
            return name in link.topics
        case "link":
            return name.lower() in link.url.lower()
    return name == link.story if isinstance(name, int) else name.lower() == link.headline.lower()


def score(part: Mapping[str, Any], person: Person, world: World) -> int:
    """From 0 to 100: see mailer/tracking/engagement/score.py."""
    numbers = _last_issues(part, world, part.get("in_last_issues", 4))
    points = best = 0
    for weight, number in zip(range(len(numbers), 0, -1), numbers, strict=True):
        got = person.issues.get(number)
        if got:
            points += weight * (2 if got.clicked_at else 1 if got.opened_at else 0)
            best += weight * 2 * got.sent
    return min(100, 100 * points // best) if best else 0
