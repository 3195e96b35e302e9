"""What `--map` and `--on-merge` say: what a column means, and what a merge does with a field that has a value."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from subscribers.importing.errors import CannotImport
from subscribers.importing.typed import TYPES

FIELDS = (
    "email",
    "first_name",
    "last_name",
    "name",
    "language",
    "time_zone",
    "country",
    "topics",
    "state",
    "disabled",
)
"""Each can be one column; `name` is a whole name, `disabled` says by yes or no that somebody gets no mail."""
OTHERS = ("signed_up", "consent.KEY", "attributes.KEY", "attributes.KEY:TYPE", "attributes", "-")
RULED = ("first_name", "last_name", "language", "time_zone", "country", "topics", "attributes")
RULES = ("replace", "fill", "keep")
DEFAULT_RULE = "replace"
_KEY = re.compile(r"[^\W\d]\w{0,63}")


class Target(NamedTuple):
    """What a column means: a field; `signed_up`; `consent` or `attributes` with a key; or `-`, nothing.

    `attributes` without a key is a JSON object of several.
    """

    field: str
    key: str = ""
    kind: str = "text"

    @property
    def is_field(self) -> bool:
        return self.field in FIELDS


def read_mapping(written: Iterable[str]) -> dict[str, str]:
    """Targets by column from `Firma=attributes.company` and the like; what stands behind the last = is the target.

    Raises:
        CannotImport: one of them means nothing.
    """
    mapping: dict[str, str] = {}
    for each in written:
        name, equals, target = each.rpartition("=")
        if not equals or not name.strip():
            raise CannotImport(
                "bad_mapping",
                f'"{each}" does not say what a column means. Write it as "Firma=attributes.company".',
            )
        read_target(target.strip())
        mapping[name.strip()] = target.strip()
    return mapping


def read_target(written: str) -> Target:
    """
    Raises:
        CannotImport: there is no such target.
    """
    field, dot, rest = written.partition(".")
    if written in FIELDS or written in ("signed_up", "attributes", "-"):
        return Target(written)
    key, colon, kind = rest.partition(":")
    if field in ("attributes", "consent") and dot and _KEY.fullmatch(key):
        if not colon:
            return Target(field, key)
        if field == "attributes" and kind in TYPES:
            return Target(field, key, kind)
    targets = ", ".join((*FIELDS, *OTHERS))
    raise CannotImport(
        "unknown_target",
        f'A column cannot be "{written}". It can be one of {targets}; a KEY is made of letters, digits and _, '
        f"a TYPE is one of {', '.join(TYPES)}.",
    )


def read_rules(written: Iterable[str]) -> dict[str, str]:
    """Rules by field from `first_name=fill` and the like.

    Raises:
        CannotImport: there is no such field or rule.
    """
    rules: dict[str, str] = {}
    for each in written:
        field, _, rule = each.partition("=")
        attribute, dot, key = field.partition(".")
        known = field in RULED or (attribute == "attributes" and dot and _KEY.fullmatch(key))
        if not known or rule not in RULES:
            raise CannotImport(
                "unknown_rule",
                f'"{each}" is no rule for a merge. Write it as FIELD=RULE: a field is one of {", ".join(RULED)}, '
                f"attributes.KEY; a rule one of {', '.join(RULES)}.",
            )
        rules[field] = rule
    return rules
