"""A rule: conditions on a person in nested groups of all, any and none.

    {"version": 1, "all": [
        {"field": "country", "is_any_of": ["SG", "MY"]},
        {"none": [{"attribute": "age", "type": "number", "less_than": 18}]},
        {"clicked": {"topic": "payments"}, "in_last_issues": 4}
    ]}

A condition is known by one of its keys ("field", "clicked"). Packages above register further kinds of them: see
`register`, and mailer/tracking/engagement for the conditions on what people did with issues.
"""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, Protocol

from subscribers.segments.errors import SegmentError
from subscribers.segments.faces import Face
from subscribers.segments.predicate import Query
from subscribers.segments.reading import Part, listed

VERSION = 1
DEEPEST = 8
"""Groups within groups."""
MOST_NODES = 300
"""Groups and conditions of one rule."""


class Condition(Protocol):
    """One condition on a person."""

    @property
    def place(self) -> str:
        """Where it stands in the rule."""

    def sql(self, query: Query) -> str:
        """A boolean SQL expression over the alias `subscriber` that is never NULL; values go through `query.add`.

        Raises SegmentError where it names something that is not there.
        """

    def says(self, negated: bool) -> str:
        """The condition in English, so that it may follow "people": in Singapore; who clicked something."""


Join = Literal["all", "any", "none"]


@dataclass(frozen=True)
class Group:
    """Several parts of which all, any or none must hold."""

    join: Join
    parts: tuple["Group | Condition", ...]
    place: str


Node = Group | Condition


@dataclass(frozen=True)
class Rule:
    """A rule that was read without an error."""

    root: Node


@dataclass(frozen=True)
class Kind:
    """A kind of condition.

    Attributes:
        key: the one by which it is known.
        read: reads one; raises SegmentError. It takes the keys it knows, those left over are refused after it.
        example: one as JSON, for help.
        faces: the fields under which a form shows it; () for one that is written as JSON alone.
    """

    key: str
    read: Callable[[Part], Condition]
    example: str
    faces: tuple[Face, ...] = ()


_kinds: dict[str, Kind] = {}
_GROUPS: tuple[Join, ...] = ("all", "any", "none")


def register(*kinds: Kind) -> None:
    """Let rules hold conditions of these kinds."""
    _kinds.update((kind.key, kind) for kind in kinds)


def kinds() -> list[Kind]:
    """All kinds of conditions."""
    return list(_kinds.values())


def parse(data: object) -> Rule:
    """Read a rule from JSON that was loaded. Names in it (of topics, lists, segments) are looked up later.

    Raises:
        SegmentError: what is wrong, and where.
    """
    part = Part(data)
    version = part.take("version")
    if version != VERSION or type(version) is not int:
        raise SegmentError("version", "version", f"this version is not known here: write {VERSION}")
    return Rule(_Reader().read(part))


def conditions(node: Node) -> list[Condition]:
    """All conditions in a part of a rule, from the first to the last."""
    return [each for part in node.parts for each in conditions(part)] if isinstance(node, Group) else [node]


class _Reader:
    """Counts what it reads, so that no rule is endless."""

    def __init__(self) -> None:
        self._nodes = 0

    def read(self, part: Part, depth: int = 0) -> Node:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise SegmentError(
                "too_large",
                part.place,
                f"a rule may have {MOST_NODES} conditions: make a segment of a part of it",
            )
        found = [key for key in (*_GROUPS, *_kinds) if key in part]
        if len(found) != 1:
            raise SegmentError(
                "no_condition" if not found else "two_conditions", part.place, _choose(part, found)
            )
        key = found[0]
        join = next((join for join in _GROUPS if join == key), None)
        node = self._group(part, join, depth) if join else _kinds[key].read(part)
        part.done()
        return node

    def _group(self, part: Part, key: Join, depth: int) -> Group:
        place = part.at(key)
        if depth >= DEEPEST:
            raise SegmentError(
                "too_deep", place, f"groups may be {DEEPEST} deep: make a segment of a part of it"
            )
        parts = listed(part.take(key), place)
        return Group(
            key,
            tuple(self.read(Part(each, f"{place}[{n}]"), depth + 1) for n, each in enumerate(parts)),
            part.place,
        )


def _choose(part: Part, found: list[str]) -> str:
    if found:
        named = " and ".join(f"“{key}”" for key in found)
        return f"{named} cannot stand side by side: put each into an object of its own under all, any or none"
    known = [*_GROUPS, *_kinds]
    near = next((near for key in part for near in get_close_matches(key, known, n=1)), None)
    hint = f"did you mean “{near}”?" if near else f"write one of {', '.join(known)}"
    return f"there is no condition here; {hint}"
