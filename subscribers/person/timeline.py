"""Everything that happened with a person, in one order of time, whichever part of the system knows it."""

from collections.abc import Mapping

from subscribers.models import Subscriber
from subscribers.person.sections import Fact, Moment, sections


def timeline(subscriber: Subscriber) -> list[Moment]:
    """What happened with a person, the oldest first."""
    return moments_of({each.name: each.read(subscriber) for each in sections() if each.moments is not None})


def moments_of(facts: Mapping[str, list[Fact]]) -> list[Moment]:
    """What facts tell of, by the names of their sections, the oldest first; of one moment, in the sections' order."""
    moments = [
        moment
        for section in sections()
        if section.moments is not None
        for moment in section.moments(facts.get(section.name, []))
    ]
    return sorted(moments, key=lambda moment: moment.at)
