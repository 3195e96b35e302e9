"""What the columns of a file mean, told from its header."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from subscribers.importing.errors import CannotImport
from subscribers.importing.refused_file import OWN_COLUMNS
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
MOST_ATTRIBUTES = 50
LONGEST_KEY = 64
"""Characters."""
SHOWN_COLUMNS = 20


@dataclass(frozen=True)
class Columns:
    """Where things stand in a row.

    Attributes:
        names: the header's cells.
        fields: the place of each field that there is a column for.
        attributes: place and key of the columns that become attributes.
        beyond: places of the columns that are too many to become attributes.
        is_refused_file: the file is one of refused rows, mended; its line and reason are passed over.
    """

    names: tuple[str, ...]
    fields: dict[str, int]
    attributes: tuple[tuple[int, str], ...]
    beyond: tuple[int, ...]
    is_refused_file: bool


def map_columns(header: Sequence[str], file: str) -> Columns:
    """Tell fields from attributes by the names in the header, whatever their case, accents and punctuation.

    Args:
        file: the file's name, for the message.
    Raises:
        CannotImport: no column holds addresses.
    """
    names = tuple(one_line(name) for name in header)
    if any("\0" in name for name in header):
        raise CannotImport(
            "no_text",
            f"{file} holds NUL characters, as UTF-16 without a byte order mark does. Save it as UTF-8.",
        )
    is_refused_file = names[: len(OWN_COLUMNS)] == OWN_COLUMNS
    skipped = range(len(OWN_COLUMNS)) if is_refused_file else range(0)
    fields: dict[str, int] = {}
    for field, ranks in _RANKS.items():
        fitting = [(ranks[key], place) for place, name in enumerate(names) if (key := _plain(name)) in ranks]
        if fitting:
            fields[field] = min(fitting)[1]
    if "email" not in fields:
        raise CannotImport("no_email_column", _no_email_column(names, file))
    taken = {*SYNONYMS}
    others = [place for place in range(len(names)) if place not in fields.values() and place not in skipped]
    attributes = tuple((place, _key(names[place], place, taken)) for place in others[:MOST_ATTRIBUTES])
    return Columns(names, fields, attributes, tuple(others[MOST_ATTRIBUTES:]), is_refused_file)


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
    key = re.sub(r"\W+|_+", "_", unicodedata.normalize("NFKC", name).casefold()).strip("_")[:LONGEST_KEY]
    if not key:
        key = f"column_{place + 1}"
    elif not key.isidentifier():
        key = f"column_{key}"
    unique, count = key, 1
    while unique in taken:
        count += 1
        unique = f"{key}_{count}"
    taken.add(unique)
    return unique


def _no_email_column(names: Sequence[str], file: str) -> str:
    shown = ", ".join(name[:40] or "(no name)" for name in names[:SHOWN_COLUMNS])
    if len(names) > SHOWN_COLUMNS:
        shown += f", and {len(names) - SHOWN_COLUMNS} more"
    message = f"{file} has no column with email addresses. Its columns: {shown}."
    if any("@" in name for name in names):
        return f"{message} The first line seems to be a subscriber: put a header line above it."
    return f"{message} Name the column with the addresses email."
