"""What is held on a person as people read it, in the terminal and on pages alike."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from subscribers.person.sections import Fact, Section
from subscribers.text import one_line


def label(name: str) -> str:
    """The name of a fact in words: "known_since" becomes "Known since"."""
    return name.replace("_", " ").capitalize()


def text(value: Any) -> str:
    """A value in one line: times in the installation's zone, lists with semicolons; "" for nothing."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{timezone.localtime(value):%-d %B %Y, %H:%M %Z}"
        case date():
            return f"{value:%-d %B %Y}"
        case {"what": what, "at": at, **more}:
            about = f" ({text(more)})" if text(more) else ""
            return f"{text(what)} {text(at)}{about}"
        case Mapping():
            parts = ((one_line(str(key)), text(each)) for key, each in value.items())
            return ", ".join(f"{key}: {each}" for key, each in parts if each)
        case str():
            return one_line(value)
        case Iterable():
            return "; ".join(filter(None, map(text, value)))
    return str(value)


def told(fact: Fact) -> list[tuple[str, str]]:
    """A fact as labels and values, without what is empty."""
    return [(label(name), words) for name, value in fact.items() if (words := text(value))]


def columns(section: Section, facts: Iterable[Fact]) -> list[str]:
    """The names of facts that a table of the section has: those it shows, without the ones that are empty throughout."""
    facts = list(facts)
    names = section.shown or tuple(dict.fromkeys(name for fact in facts for name in fact))
    return [name for name in names if any(text(fact.get(name)) for fact in facts)]
