"""What is held on a person, by parts. Whoever holds something registers here how it is read and how it is erased.

The store does not know who is above it: mailer.tracking and mailer.staff register theirs (see their apps.py).
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from subscribers.models import Subscriber

Fact = dict[str, Any]
"""One thing that is held, by name: a subscription, a record of consent. Values are text, numbers, yes or no, dates and
times, None for nothing, and lists and mappings of these: they go into JSON as they are."""


@dataclass(frozen=True)
class Moment:
    """Something that happened with a person, for the timeline (see timeline.py).

    Attributes:
        what: in a word or two: "clicked".
        about: what it happened to: a list, an issue.
        more: what else there is to say, perhaps in somebody's own words; "" for nothing.
        machine: by which rule it was a program's doing, in words; "" for everything else.
    """

    at: datetime
    what: str
    about: str = ""
    more: str = ""
    machine: str = ""


@dataclass(frozen=True)
class Section:
    """A part of what is held on a person.

    Attributes:
        name: in JSON: "consent".
        title: for people: "Consent".
        read: gives the facts, in the order in which they are shown.
        erase: takes away or empties what says who the person was. It runs in the transaction of the erasure while the
            subscriber's row is locked and still as it was; what counts people (deliveries, records of consent) stays.
        shown: the names of the facts that a table has room for; none: all of them.
        moments: what the timeline tells of these facts, in any order; None: nothing.
    """

    name: str
    title: str
    read: Callable[[Subscriber], list[Fact]]
    erase: Callable[[Subscriber], None] | None = None
    shown: tuple[str, ...] = ()
    moments: Callable[[list[Fact]], Iterable[Moment]] | None = None


_sections: dict[str, Section] = {}


def register(section: Section) -> None:
    """Add a section, behind those there are; one of the same name takes its place."""
    _sections[section.name] = section


def sections() -> tuple[Section, ...]:
    """Every section, in the order in which they were registered."""
    return tuple(_sections.values())


def facts_of(subscriber: Subscriber, *, without: Collection[str] = ()) -> dict[str, list[Fact]]:
    """All that is held on a person: the facts of each section, by its name.

    Args:
        without: names of sections that are not read.
    """
    return {section.name: section.read(subscriber) for section in sections() if section.name not in without}
