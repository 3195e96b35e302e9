"""What the columns of a file mean: as somebody says, else as the system means that wrote it, else told from the header."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from subscribers.importing.errors import CannotImport
from subscribers.importing.formats import recognise, standing_of_file
from subscribers.importing.mapping import Target, read_target
from subscribers.importing.refused_file import OWN_COLUMNS
from subscribers.importing.status import Standing, disabled, standing
from subscribers.text import one_line

SYNONYMS = {
    "email": (
        "email, email address, e-mail, email addresses, e-mail-adresse, adresse email, adresse e-mail, "
        "correo electrónico, correo, courriel, indirizzo email, endereço de email, e-mailadres, "
        "电子邮件, 电子邮箱, 邮箱, 邮箱地址, 電子郵件, 電郵, メールアドレス, メール, mail, mail address, subscriber"
    ),
    "first_name": (
        "first name, given name, forename, fname, first, vorname, prénom, nombre, nome, voornaam, förnamn, "
        "imię, имя, 名, 名字"
    ),
    "last_name": (
        "last name, surname, family name, lname, last, nachname, familienname, nom, nom de famille, apellido, "
        "apellidos, cognome, sobrenome, achternaam, efternamn, nazwisko, фамилия, 姓, 姓氏"
    ),
    "language": "language, lang, locale, sprache, langue, idioma, lingua, taal, 语言, 語言, 言語",
    "time_zone": "time zone, tz, zeitzone, fuseau horaire, zona horaria, fuso orario, 时区, 時區",
    "country": "country, country code, land, pays, país, paese, 国家, 國家, 国",
    "topics": "topics, topic, interests, interest, tags, themen, thèmes, sujets, temas, 主题, 话题, 標籤, 标签, 兴趣",
}
"""By field, in the language of the file; where two columns fit, the one named earlier here is taken."""
STATUS = frozenset(("status", "subscriptionstatus", "emailstatus", "subscriberstatus", "abonnementstatus"))
"""Columns, in plain letters, in which known words are obeyed where somebody left."""
MOST_ATTRIBUTES = 50
LONGEST_KEY = 64
"""Characters."""
SHOWN_COLUMNS = 20


class Attribute(NamedTuple):
    """A column that becomes an attribute: its place, the attribute's key, and its type (typed.TYPES)."""

    place: int
    key: str
    kind: str = "text"


@dataclass(frozen=True)
class Columns:
    """Where things stand in a row.

    Attributes:
        names: the header's cells.
        fields: the place of each field that there is a column for.
        attributes: of the columns that become attributes.
        beyond: places of the columns that are too many to become attributes.
        is_refused_file: the file is one of refused rows, mended; its line and reason are passed over.
        format: the system that wrote the file; empty for none that is known.
        standing: how everybody in the file stands; None: active, unless a row says otherwise.
        read_standing: what a word in the status column says; None without one.
        is_guessed_status: words of it that are not known are passed over; else they refuse the row.
        signed_up: places of sign-up dates, the first that is filled counts.
        consent: place and key of what goes into the consent record.
        objects: places of attributes as JSON.
    """

    names: tuple[str, ...]
    fields: dict[str, int]
    attributes: tuple[Attribute, ...]
    beyond: tuple[int, ...]
    is_refused_file: bool
    format: str = ""
    standing: Standing | None = None
    read_standing: Callable[[str], Standing | None] | None = None
    is_guessed_status: bool = False
    signed_up: tuple[int, ...] = ()
    consent: tuple[tuple[int, str], ...] = ()
    objects: tuple[int, ...] = ()


def map_columns(header: Sequence[str], file: str, mapping: Mapping[str, str] | None = None) -> Columns:
    """Say what each column of a file means; names count whatever their case, accents and punctuation.

    Args:
        file: the file's name, for messages, and because some systems tell by it who is in the file.
        mapping: targets by column, as `mapping.read_mapping` gives them.
    Raises:
        CannotImport: no column holds addresses, or the mapping does not fit.
    """
    names = tuple(one_line(name) for name in header)
    if any("\0" in name for name in header):
        raise CannotImport(
            "no_text",
            f"{file} holds NUL characters, as UTF-16 without a byte order mark does. Save it as UTF-8.",
        )
    mended = is_refused_file(names)
    skipped = range(len(OWN_COLUMNS)) if mended else range(0)
    found = recognise(names)
    meant = _meant(names, mapping or {}, file)
    if found:
        for place, name in enumerate(names):
            if place not in meant and place not in skipped and (targets := found.columns.get(_plain(name))):
                meant[place] = [read_target(target) for target in targets]
    for place, name in enumerate(names):
        if place not in meant and place not in skipped and _is_attribute(name):
            meant[place] = [read_target(name)]
    fields = {
        target.field: place
        for place, targets in reversed(meant.items())
        for target in targets
        if target.is_field
    }
    _guess_fields(names, fields, {*meant, *skipped})
    if "email" not in fields:
        raise CannotImport("no_email_column", _no_email_column(names, file))
    status = next((kind for kind in ("state", "disabled") if kind in fields), None)
    guessed = None if status else _guess_status(names, {*meant, *skipped, *fields.values()})
    others = [place for place in range(len(names)) if not {place} & {*fields.values(), *skipped, *meant}]
    attributes = _attributes(names, meant, others[:MOST_ATTRIBUTES])
    if status or guessed is not None:
        fields["state"] = fields.pop(status) if status else guessed or 0
    return Columns(
        names,
        fields,
        attributes,
        tuple(others[MOST_ATTRIBUTES:]),
        mended,
        format=found.name if found else "",
        standing=standing_of_file(found, names, file),
        read_standing=disabled if status == "disabled" else standing if "state" in fields else None,
        is_guessed_status=guessed is not None,
        signed_up=tuple(place for place, _ in _with(meant, "signed_up")),
        consent=tuple((place, target.key) for place, target in _with(meant, "consent")),
        objects=tuple(place for place, target in _with(meant, "attributes") if not target.key),
    )


def is_refused_file(header: Sequence[str]) -> bool:
    """Whether it is a file of refused rows, by its header."""
    return tuple(map(one_line, header[: len(OWN_COLUMNS)])) == OWN_COLUMNS


def described(columns: Columns) -> dict[str, Any]:
    """What the columns mean, in words: the format, by field the column's name, and the keys of attributes."""
    fields = {field: columns.names[place] for field, place in columns.fields.items()}
    if columns.is_guessed_status:
        fields["state (of those who left)"] = fields.pop("state")
    if columns.signed_up:
        fields["signed_up"] = columns.names[columns.signed_up[0]]
    keys = [each.key if each.kind == "text" else f"{each.key} ({each.kind})" for each in columns.attributes]
    return {
        "format": columns.format,
        "standing": columns.standing.name.lower() if columns.standing else "",
        "fields": fields,
        "attributes": [*keys, *(f"those in {columns.names[place]}" for place in columns.objects)],
        "consent": [key for _, key in columns.consent],
    }


def _meant(names: Sequence[str], mapping: Mapping[str, str], file: str) -> dict[int, list[Target]]:
    """By place, what somebody says that columns mean.

    Raises:
        CannotImport: there is no such column, or two are to be the same field.
    """
    meant: dict[int, list[Target]] = defaultdict(list)
    taken: dict[str, str] = {}
    for name, written in mapping.items():
        target = read_target(written)
        exact = [place for place, each in enumerate(names) if each == one_line(name)]
        places = exact or [place for place, each in enumerate(names) if _plain(each) == _plain(name)]
        if not places:
            raise CannotImport(
                "unknown_column", f"{file} has no column {name}. Its columns: {_listed(names)}."
            )
        if target.is_field and taken.setdefault(target.field, name) != name:
            raise CannotImport(
                "field_mapped_twice", f"{taken[target.field]} and {name} cannot both be {target.field}."
            )
        meant[places[0]].append(target)
    return dict(meant)


def _is_attribute(name: str) -> bool:
    """Whether a column says by its own name which attribute it is, as exports of mailer do."""
    try:
        return "." in name and read_target(name).field == "attributes"
    except CannotImport:
        return False


def _guess_fields(names: Sequence[str], fields: dict[str, int], taken: set[int]) -> None:
    """Add the fields that the names of the other columns tell of."""
    for field, ranks in _RANKS.items():
        if field in fields:
            continue
        fitting = [
            (ranks[key], place)
            for place, name in enumerate(names)
            if place not in taken and (key := _plain(name)) in ranks
        ]
        if fitting:
            fields[field] = min(fitting)[1]


def _guess_status(names: Sequence[str], taken: set[int]) -> int | None:
    return next(
        (place for place, name in enumerate(names) if place not in taken and _plain(name) in STATUS), None
    )


def _attributes(
    names: Sequence[str], meant: Mapping[int, list[Target]], others: Sequence[int]
) -> tuple[Attribute, ...]:
    named = [
        Attribute(place, target.key, target.kind)
        for place, target in _with(meant, "attributes")
        if target.key
    ]
    taken = {*SYNONYMS, *(attribute.key for attribute in named)}
    return (*named, *(Attribute(place, _key(names[place], place, taken)) for place in others))


def _with(meant: Mapping[int, list[Target]], field: str) -> list[tuple[int, Target]]:
    return [
        (place, target)
        for place, targets in sorted(meant.items())
        for target in targets
        if target.field == field
    ]


def _plain(name: str) -> str:
    """Letters and digits without case and accents."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in letters if letter.isalnum())


def _ranks(names: str) -> dict[str, int]:
    ranks: dict[str, int] = {}
    for rank, name in enumerate(names.split(", ")):
        ranks.setdefault(_plain(name), rank)
    return ranks


_RANKS = {field: _ranks(names) for field, names in SYNONYMS.items()}


def _key(name: str, place: int, taken: set[str]) -> str:
    """The name as a merge tag can carry it (`subscriber.attributes.company_size`), once per file."""
    key = attribute_key(name) or f"column_{place + 1}"
    unique, count = key, 1
    while unique in taken:
        count += 1
        unique = f"{key}_{count}"
    taken.add(unique)
    return unique


def attribute_key(name: str) -> str:
    """The name as an attribute's key, in letters, digits and _; empty where it has none of them."""
    key = re.sub(r"\W+|_+", "_", unicodedata.normalize("NFKC", name).casefold()).strip("_")[:LONGEST_KEY]
    return key if not key or key.isidentifier() else f"column_{key}"


def _no_email_column(names: Sequence[str], file: str) -> str:
    message = f"{file} has no column with email addresses. Its columns: {_listed(names)}."
    if any("@" in name for name in names):
        return f"{message} The first line seems to be a subscriber: put a header line above it."
    return f'{message} Name the column with the addresses email, or say which it is: --map "COLUMN=email".'


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(name[:40] or "(no name)" for name in names[:SHOWN_COLUMNS])
    return f"{shown}, and {len(names) - SHOWN_COLUMNS} more" if len(names) > SHOWN_COLUMNS else shown
