"""A row's cells made into a clean record, or refused with the reason. No database, no file."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from subscribers.cleaning import values
from subscribers.cleaning.address import LONGEST_PLAIN, PLAIN, BadAddress, clean_address
from subscribers.importing import typed
from subscribers.importing.columns import MOST_ATTRIBUTES, Attribute, Columns, attribute_key
from subscribers.importing.refusals import Note, Refusal, Refused
from subscribers.importing.status import Standing
from subscribers.importing.topics import Topics
from subscribers.importing.typed import moment
from subscribers.spreadsheet import undefuse
from subscribers.text import INVISIBLE, one_line

LONGEST_NAME = 200
"""Characters, as the store's columns."""
LONGEST_ATTRIBUTE = 1000
LONGEST_PROOF = 300
"""Of what goes into the consent record."""
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
    attributes: dict[str, Any]
    unknown_topics: tuple[str, ...]
    notes: tuple[Note, ...]
    standing: Standing = Standing.ACTIVE
    signed_up: str = ""
    consent: dict[str, str] | None = None


def cleaner(
    columns: Columns,
    match_topics: Callable[[str], Topics],
    is_erased: Callable[[str], bool] = lambda address: False,
) -> Cleaner:
    """A function from a row's cells to a record, a refusal, or None for a row in which every cell is empty.

    Missing cells are empty ones; empty cells beyond the header do no harm.

    Args:
        is_erased: whether somebody had themselves erased under an address.
    """
    width = len(columns.names)
    absent = width  # the place of a cell that is always empty
    at = {field: columns.fields.get(field, absent) for field in _FIELDS}
    email_at, first_at, last_at = at["email"], at["first_name"], at["last_name"]
    language_at, zone_at, country_at, topics_at = at["language"], at["time_zone"], at["country"], at["topics"]
    name_at = at["name"]
    texts = tuple((each.place, each.key) for each in columns.attributes if each.kind == "text")
    others = tuple(each for each in columns.attributes if each.kind != "text")
    objects, beyond = columns.objects, columns.beyond
    stand, signed_up, consent_of = _standing_reader(columns), columns.signed_up, columns.consent
    has_history = columns.standing is not None or columns.read_standing is not None or signed_up or consent_of

    def clean(cells: list[str]) -> Record | Refused | None:
        notes: list[Note] = []
        joined = "".join(cells)
        if len(cells) != width:
            if any(cell.strip() for cell in cells[width:]):
                return Refused(Refusal.TOO_MANY_CELLS)
            cells = cells[:width] + [""] * (width - len(cells))
        if "'" in joined:  # before what a spreadsheet would run, exports and files of refused rows put one
            cells = [undefuse(cell) for cell in cells]
        # Nearly all rows pass this test and need no look at their characters one by one.
        if not joined.isprintable() or "  " in joined:
            if "\0" in joined:
                return Refused(Refusal.NUL)
            if _SURROGATE.search(joined):
                return Refused(Refusal.UNREADABLE)
            if INVISIBLE.search(joined):
                notes.append(Note.CONTROL_CHARACTERS)
            cells = [one_line(cell) for cell in cells]
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
        if is_erased(email):
            return Refused(Refusal.ERASED)

        first_name, last_name = cells[first_at].strip(), cells[last_at].strip()
        if not first_name and not last_name and (name := cells[name_at].strip()):
            first_name, _, last_name = name.partition(" ")
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

        attributes: dict[str, Any] = {}
        for place, key in texts:
            if value := cells[place].strip():
                if len(value) > LONGEST_ATTRIBUTE:
                    notes.append(Note.ATTRIBUTE_TOO_LONG)
                else:
                    attributes[key] = value
        if others or objects:
            _read_others(cells, others, objects, attributes, notes)
        if beyond:
            notes += [Note.ATTRIBUTE_BEYOND for place in beyond if cells[place].strip()]
        if unknown:
            notes += [Note.TOPIC] * len(unknown)
        record = Record(
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
        if not has_history:
            return record
        standing = stand(cells)
        if standing is None:
            return Refused(Refusal.STATUS)
        since = next((since for place in signed_up if (since := moment(cells[place]))), "")
        proof = {key: value[:LONGEST_PROOF] for place, key in consent_of if (value := cells[place].strip())}
        return record._replace(standing=standing, signed_up=since, consent=proof)

    return clean


def _standing_reader(columns: Columns) -> Callable[[list[str]], Standing | None]:
    """A function that says how a row's person stands on the list; None for a status that is not known."""
    of_file = columns.standing or Standing.ACTIVE
    read, at, guessed = columns.read_standing, columns.fields.get("state", 0), columns.is_guessed_status

    def stand(cells: list[str]) -> Standing | None:
        if read is None:
            return of_file
        found = read(cells[at])
        return Standing.ACTIVE if found is None and guessed else found

    return stand


def _read_others(
    cells: list[str],
    columns: tuple[Attribute, ...],
    objects: tuple[int, ...],
    attributes: dict[str, Any],
    notes: list[Note],
) -> None:
    """Add the attributes that have a type, and those of JSON objects, to `attributes`; what cannot be read is noted."""
    for place, key, kind in columns:
        if value := cells[place].strip():
            read = typed.read(kind, value)
            if read is None:
                notes.append(Note.TYPE)
            else:
                attributes[key] = read
    for place in objects:
        value = cells[place].strip()
        found = typed.json_object(value) if value else {}
        if found is None:
            notes.append(Note.NO_OBJECT)
            continue
        for name, each in found.items():
            key = attribute_key(name)
            if each is None or each == "" or not key:
                continue
            if len(attributes) >= MOST_ATTRIBUTES or (
                isinstance(each, str) and len(each) > LONGEST_ATTRIBUTE
            ):
                notes.append(
                    Note.ATTRIBUTE_BEYOND if len(attributes) >= MOST_ATTRIBUTES else Note.ATTRIBUTE_TOO_LONG
                )
            else:
                attributes[key] = each


_FIELDS = ("email", "first_name", "last_name", "name", "language", "time_zone", "country", "topics")


def row_test(columns: Columns) -> Callable[[list[str]], bool]:
    """A function that says whether cells are a whole row: as many as the header's, an address in its place."""
    width, email_at = len(columns.names), columns.fields["email"]
    return lambda cells: len(cells) == width and PLAIN.fullmatch(cells[email_at].strip()) is not None
