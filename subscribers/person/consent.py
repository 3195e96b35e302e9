"""The history of somebody's consent, in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from subscribers.models import Consent, Subscriber, Topic
from subscribers.person.sections import Fact, Moment
from subscribers.person.wording import text

SHOWN = ("at", "list", "action", "source", "from_where", "wording_version", "said")
"""What a table has room for."""
PLACES = {
    "network": "{}",
    "origin": "the mail of send {}",
    "line": "line {}",
    "import": "import {}",
    "link_of_list": "a link of list {}",
}
"""What of a record's detail says from where it came."""


def consent_of(subscriber: Subscriber) -> list[Fact]:
    """Every record of a person's consent, oldest first: when, on which list, what, how, from where, to which words."""
    records = Consent.objects.filter(subscriber=subscriber).select_related("mailing_list", "wording")
    topics = dict(Topic.objects.values_list("pk", "name"))
    return [
        {
            "at": record.at,
            "list": record.mailing_list.slug,
            "list_name": record.mailing_list.name,
            "action": record.action,
            "source": record.source,
            "from_where": _place(record.detail),
            "said": _said(record.detail, topics),
            "wording_version": record.wording.version if record.wording else None,
            "wording": record.wording.text if record.wording else None,
            "detail": record.detail,
        }
        for record in records.order_by("at", "id")
    ]


def moments_of_consent(records: list[Fact]) -> Iterator[Moment]:
    """What the record tells the timeline: signed up, confirmed, changed what, left, erased."""
    for record in records:
        action = Consent.Action(record["action"]).label.lower()
        parts = (record["source"], record["from_where"], record["said"])
        yield Moment(record["at"], action, record["list_name"], " · ".join(filter(None, parts)))


def _place(detail: Mapping[str, Any]) -> str:
    return ", ".join(PLACES[name].format(text(detail[name])) for name in PLACES if name in detail)


def _said(detail: Mapping[str, Any], topics: Mapping[int, str]) -> str:
    """What a person chose or said, or what was changed: "name; language: en → de"."""
    changed = detail.get("changed")
    parts = (
        [_change(name, value, topics) for name, value in changed.items()] if isinstance(changed, dict) else []
    )
    if "topic_ids" in detail:
        parts.append(f"topics: {_names(detail['topic_ids'], topics)}")
    rest = {
        name: value
        for name, value in detail.items()
        if name not in PLACES and name not in ("changed", "topic_ids")
    }
    parts += [f"{name.replace('_', ' ')}: {text(value)}" for name, value in rest.items()]
    return "; ".join(parts)


def _change(name: str, value: Any, topics: Mapping[int, str]) -> str:
    said = name.replace("_", " ")
    match value:
        case [before, after] if name == "topics":
            return f"{said}: {_names(before, topics)} → {_names(after, topics)}"
        case [before, after] if name != "attributes":
            return f"{said}: {text(before) or 'none'} → {text(after) or 'none'}"
        case list():
            return f"{said}: {', '.join(map(text, value))}"
    return said


def _names(numbers: Any, topics: Mapping[int, str]) -> str:
    if not isinstance(numbers, list) or not numbers:
        return "every topic"
    return ", ".join(topics.get(number, f"topic {number}") for number in numbers)
