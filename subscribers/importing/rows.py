"""A row's cells made into a clean record, or refused with the reason. No database, no file."""

import re
from collections.abc import Callable
from typing import NamedTuple

from subscribers.importing import values
from subscribers.importing.address import LONGEST_PLAIN, PLAIN, BadAddress, clean_address
from subscribers.importing.columns import Columns
from subscribers.importing.refusals import Note, Refusal, Refused
from subscribers.importing.refused_file import undefuse
from subscribers.importing.topics import Topics
from subscribers.text import INVISIBLE, one_line

LONGEST_NAME = 200
"""Characters, as the store's columns."""
LONGEST_ATTRIBUTE = 1000
_SURROGATE = re.compile("[\ud800-\udfff]")

Cleaner = Callable[[list[str]], "Record | Refused | None"]


class Record(NamedTuple):
    """One subscriber as a row describes them; "" and empty where it says nothing. A tuple, for speed."""

    email: str
    first_name: str
    last_name: str
    language: str
    time_zone: str
    country: str
    topic_ids: tuple[int, ...]
    attributes: dict[str, str]
    unknown_topics: tuple[str, ...]
    notes: tuple[Note, ...]


def cleaner(columns: Columns, match_topics: Callable[[str], Topics]) -> Cleaner:
    """A function from a row's cells to a record, a refusal, or None for a row in which every cell is empty.

    Missing cells are empty ones; empty cells beyond the header do no harm.
    """
    width = len(columns.names)
    absent = width  # the place of a cell that is always empty
    at = {field: columns.fields.get(field, absent) for field in _FIELDS}
    email_at, first_at, last_at = at["email"], at["first_name"], at["last_name"]
    language_at, zone_at, country_at, topics_at = at["language"], at["time_zone"], at["country"], at["topics"]
    attributes_at, beyond = columns.attributes, columns.beyond

    def clean(cells: list[str]) -> Record | Refused | None:
        notes: list[Note] = []
        joined = "".join(cells)
        if len(cells) != width:
            if any(cell.strip() for cell in cells[width:]):
                return Refused(Refusal.TOO_MANY_CELLS)
            cells = cells[:width] + [""] * (width - len(cells))
        # Nearly all rows pass this test and need no look at their characters one by one.
        if not joined.isprintable() or "  " in joined:
            if "\0" in joined:
                return Refused(Refusal.NUL)
            if _SURROGATE.search(joined):
                return Refused(Refusal.UNREADABLE)
            if INVISIBLE.search(joined):
                notes.append(Note.CONTROL_CHARACTERS)
            cells = [one_line(cell) for cell in cells]
        if columns.is_refused_file:
            cells = [undefuse(cell) for cell in cells]
        cells = [*cells, ""]

        email = cells[email_at].strip()
        if len(email) <= LONGEST_PLAIN and PLAIN.fullmatch(email):
            local, _, domain = email.partition("@")
            email = f"{local}@{domain.lower()}"
        elif not email:
            return Refused(Refusal.NO_ADDRESS) if joined.strip() else None
        else:
            try:
                email = clean_address(email)
            except BadAddress as error:
                return Refused(Refusal.BAD_ADDRESS, str(error))

        first_name, last_name = cells[first_at].strip(), cells[last_at].strip()
        if len(first_name) > LONGEST_NAME:
            first_name = ""
            notes.append(Note.NAME_TOO_LONG)
        if len(last_name) > LONGEST_NAME:
            last_name = ""
            notes.append(Note.NAME_TOO_LONG)

        language = time_zone = country = ""
        if (typed := cells[language_at].strip()) and not (language := values.language(typed)):
            notes.append(Note.LANGUAGE)
        if (typed := cells[zone_at].strip()) and not (time_zone := values.time_zone(typed)):
            notes.append(Note.TIME_ZONE)
        if (typed := cells[country_at].strip()) and not (country := values.country(typed)):
            notes.append(Note.COUNTRY)
        topic_ids: tuple[int, ...] = ()
        unknown: tuple[str, ...] = ()
        if typed := cells[topics_at].strip():
            topic_ids, unknown = match_topics(typed)

        attributes: dict[str, str] = {}
        for place, key in attributes_at:
            if value := cells[place].strip():
                if len(value) > LONGEST_ATTRIBUTE:
                    notes.append(Note.ATTRIBUTE_TOO_LONG)
                else:
                    attributes[key] = value
        if beyond:
            notes += [Note.ATTRIBUTE_BEYOND for place in beyond if cells[place].strip()]
        if unknown:
            notes += [Note.TOPIC] * len(unknown)
        return Record(
            email,
            first_name,
            last_name,
            language,
            time_zone,
            country,
            topic_ids,
            attributes,
            unknown,
            tuple(notes),
        )

    return clean


_FIELDS = ("email", "first_name", "last_name", "language", "time_zone", "country", "topics")


def row_test(columns: Columns) -> Callable[[list[str]], bool]:
    """A function that says whether cells are a whole row: as many as the header's, an address in its place."""
    width, email_at = len(columns.names), columns.fields["email"]
    return lambda cells: len(cells) == width and PLAIN.fullmatch(cells[email_at].strip()) is not None
