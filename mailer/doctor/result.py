"""What a check says."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    FINE = "fine"
    WRONG = "wrong"
    UNSEEN = "unseen"


@dataclass(frozen=True)
class Verdict:
    """What was seen, and what to do: always where something is wrong, and where something fine could be better."""

    state: State
    seen: str
    todo: str = ""


class CannotSee(Exception):
    """A check could not see what it looks at: that says nothing about whether it is fine. The message says why."""

    code = "cannot_see"

    def __init__(self, why: str, todo: str = "") -> None:
        super().__init__(why)
        self.todo = todo


@dataclass(frozen=True)
class Check:
    """Something to look at. `look` may raise CannotSee, and may take its time."""

    subject: str
    name: str
    look: Callable[[], Verdict]


@dataclass(frozen=True)
class Result:
    """What a check said."""

    subject: str
    name: str
    state: State
    seen: str
    todo: str


def fine(seen: str, todo: str = "") -> Verdict:
    """All is well; `todo` is what would be better still."""
    return Verdict(State.FINE, seen, todo)


def wrong(seen: str, todo: str) -> Verdict:
    """Something does not work, or will not."""
    return Verdict(State.WRONG, seen, todo)
