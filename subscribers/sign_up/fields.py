"""The fields that a sign-up form has of its own: settings of the list, checked when they are saved.

Kept as JSON in `MailingList.sign_up_fields`, a list of objects such as

    {"key": "company_size", "label": "Size of your company", "type": "choice", "required": true,
     "choices": ["1–10", "11–100", "more"]}

What people enter becomes the attribute `key` of the subscriber: text, choices and dates (2026-05-31) as a string,
numbers as a number, yes/no as true or false.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from subscribers.importing.columns import LONGEST_KEY, attribute_key
from subscribers.text import INVISIBLE

LONGEST_LABEL = 200
LONGEST_CHOICE = 100
MOST_FIELDS = 20
MOST_CHOICES = 100
"""Characters, fields, choices."""
TAKEN = frozenset({"email", "first_name", "last_name", "language", "time_zone", "country", "topics"})
"""What a subscriber has anyway."""
_SETTINGS = frozenset({"key", "label", "type", "required", "choices"})


class FieldType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    YES_NO = "yes_no"
    CHOICE = "choice"


@dataclass(frozen=True)
class OwnField:
    """One field. `choices` has something for CHOICE only."""

    key: str
    label: str
    type: FieldType
    required: bool = False
    choices: tuple[str, ...] = ()


class BadFields(Exception):
    """The settings are no fields; `problems` says where and what, one line each."""

    code = "bad_sign_up_fields"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def parse_fields(raw: object) -> tuple[OwnField, ...]:
    """The fields in a list's settings.

    Args:
        raw: what the JSON holds.
    Raises:
        BadFields: with everything that is wrong, at once.
    """
    if not isinstance(raw, list):
        raise BadFields(['The fields are not a list: write [{"key": …, "label": …, "type": …}, …].'])
    if len(raw) > MOST_FIELDS:
        raise BadFields([f"There are {len(raw)} fields; a form has {MOST_FIELDS} at most."])
    fields: list[OwnField] = []
    problems: list[str] = []
    seen: set[str] = set()
    for number, settings in enumerate(raw, start=1):
        if not isinstance(settings, dict):
            problems.append(f'Field {number} is no object: write {{"key": …, "label": …, "type": …}}.')
            continue
        key = settings.get("key")
        where = f"Field {number} ({key})" if isinstance(key, str) and key else f"Field {number}"
        wrong = [f"{where}: {problem}" for problem in _problems(settings)]
        if isinstance(key, str) and key in seen:
            wrong.append(f"{where}: the key is another field's already.")
        problems += wrong
        if not wrong:
            seen.add(settings["key"])
            fields.append(_field(settings))
    if problems:
        raise BadFields(problems)
    return tuple(fields)


def _field(settings: Mapping[str, Any]) -> OwnField:
    return OwnField(
        key=settings["key"],
        label=settings["label"].strip(),
        type=FieldType(settings["type"]),
        required=settings.get("required", False),
        choices=tuple(choice.strip() for choice in settings.get("choices", ())),
    )


def _problems(settings: Mapping[str, Any]) -> list[str]:
    problems = [
        f"“{name}” is no setting of a field; there are {', '.join(sorted(_SETTINGS))}."
        for name in sorted(set(settings) - _SETTINGS)
    ]
    problems += _key_problems(settings.get("key"))
    label = settings.get("label")
    if not _fits(label, LONGEST_LABEL):
        problems.append(f"“label” has to be one line of 1 to {LONGEST_LABEL} characters.")
    if not isinstance(settings.get("required", False), bool):
        problems.append("“required” has to be true or false.")
    kind, choices = settings.get("type"), settings.get("choices", [])
    if kind not in list(FieldType):
        problems.append(f"“type” has to be one of {', '.join(FieldType)}.")
    elif kind == FieldType.CHOICE:
        problems += _choice_problems(choices)
    elif choices:
        problems.append("“choices” belongs to the type choice only.")
    return problems


def _key_problems(key: object) -> list[str]:
    if not isinstance(key, str) or not key:
        return ["“key” is missing: the name of the attribute, such as company_size."]
    if key in TAKEN:
        return [f"every subscriber has “{key}” already: the form asks for it by its own setting."]
    if key != attribute_key(key):
        return [
            f"“key” has to be a name as merge tags write it: small letters, digits and single _, a letter first, "
            f"at most {LONGEST_KEY} characters, such as company_size."
        ]
    return []


def _choice_problems(choices: object) -> list[str]:
    if not isinstance(choices, list) or not 2 <= len(choices) <= MOST_CHOICES:
        return [f"“choices” has to be a list of 2 to {MOST_CHOICES} texts."]
    if not all(_fits(choice, LONGEST_CHOICE) for choice in choices):
        return [f"each of the “choices” has to be one line of 1 to {LONGEST_CHOICE} characters."]
    if len({choice.strip() for choice in choices}) < len(choices):
        return ["two of the “choices” are the same."]
    return []


def _fits(text: object, longest: int) -> bool:
    """Whether it is a text of one line, with something to read in it."""
    return (
        isinstance(text, str)
        and 0 < len(text.strip()) <= longest
        and len(text.strip().splitlines()) == 1
        and not INVISIBLE.search(text)
    )
