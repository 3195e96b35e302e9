"""All that is held on a person, to hand to them: as JSON for programs, as one page for people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from django.template.loader import render_to_string

from subscribers.person.sections import Fact, sections
from subscribers.person.wording import text, told

Facts = Mapping[str, list[Fact]]


def as_json(facts: Facts) -> bytes:
    """The facts as JSON, times in UTC (ISO 8601).

    Args:
        facts: as facts_of gives them.
    """
    written: dict[str, Any] = {"made_at": datetime.now(UTC), **facts}
    return orjson.dumps(written, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)


def as_page(facts: Facts) -> bytes:
    """The facts as HTML: one file that needs no other, in UTF-8."""
    parts = [(section, [told(fact) for fact in facts[section.name]]) for section in sections()]
    page = render_to_string("privacy/export.html", {"made_at": text(datetime.now(UTC)), "parts": parts})
    return page.encode()


def file_name(subscriber_id: int, ending: str) -> str:
    """A name for the file that says nothing of the person to whoever sees it in a folder."""
    return f"personal-data-{subscriber_id}.{ending}"


@dataclass(frozen=True)
class Format:
    """A way to write the facts into a file."""

    write: Callable[[Facts], bytes]
    content_type: str


FORMATS = {
    "html": Format(as_page, "text/html; charset=utf-8"),
    "json": Format(as_json, "application/json"),
}
"""By the ending of the file."""
