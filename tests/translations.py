"""The texts that readers see, and the files with their translations.

`python -m tests.translations` brings the .po files up to date with the texts in the source and compiles them:
new texts are added without a translation, texts that are gone are dropped. Then tests/subscribers/test_translations.py
says what is left to translate.
"""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation import templatize

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "locale"
PLURALS = {
    "de": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
    "es": "nplurals=2; plural=(n != 1);",
    "zh_Hans": "nplurals=1; plural=0;",
}
LOCALES = tuple(PLURALS)
"""English is the source."""
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
}
Text = str | tuple[str, str]
"""A text, or its singular and plural."""

_LITERAL = r"u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
_CALL = re.compile(rf"\b(n?)gettext\({_LITERAL}(?:, ?{_LITERAL})?", re.DOTALL)


def texts() -> dict[Text, list[str]]:
    """Every text in the source of the readers' pages and letters, with the files that it stands in."""
    found: dict[Text, list[str]] = {}
    for folder in ("public", "letters"):
        for path in sorted((ROOT / "templates" / folder).rglob("*.*")):
            for text in _in_template(path.read_text(encoding="utf-8")):
                found.setdefault(text, []).append(path.relative_to(ROOT).as_posix())
    for path in sorted((ROOT / "subscribers").rglob("*.py")):
        for text in _in_module(path):
            found.setdefault(text, []).append(path.relative_to(ROOT).as_posix())
    return found


def catalog_of(locale: str) -> Catalog:
    """What the .po file of a locale holds."""
    with po_of(locale).open("rb") as file:
        return read_po(file, locale=locale)


def po_of(locale: str, folder: Path = FOLDER) -> Path:
    """The .po file of a locale; the compiled one lies beside it."""
    return folder / locale / "LC_MESSAGES" / "django.po"


def refresh(folder: Path = FOLDER) -> None:
    """Bring the files of every locale up to date, or write them so into another folder."""
    found = texts()
    for locale in LOCALES:
        old = catalog_of(locale) if po_of(locale).exists() else _empty(locale)
        new = _empty(locale)
        for text, places in found.items():
            known = old.get(text)
            locations = [(place, None) for place in dict.fromkeys(places)]
            new.add(text, known.string if known else "", locations=locations)
        write(new, po_of(locale, folder))


def write(catalog: Catalog, path: Path) -> None:
    """Write a .po file and the compiled one beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=110)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalog)


def _empty(locale: str) -> Catalog:
    """A catalog whose head says the same whenever it is made."""
    catalog = Catalog(
        locale,
        header_comment="",
        project="mailer",
        version="1",
        copyright_holder="",
        msgid_bugs_address="mailer",
        creation_date=datetime(2026, 1, 1, tzinfo=UTC),
        revision_date=datetime(2026, 1, 1, tzinfo=UTC),
        last_translator="mailer",
        language_team=locale,
        fuzzy=False,
    )
    # Babel's own rules for French and Spanish have a form for millions, which these texts have no use for.
    catalog.mime_headers = [("Plural-Forms", PLURALS[locale])]
    return catalog


def _in_template(source: str) -> Iterator[Text]:
    for plural, first, second in _CALL.findall(templatize(source)):
        yield (ast.literal_eval(first), ast.literal_eval(second)) if plural else ast.literal_eval(first)


def _in_module(path: Path) -> Iterator[Text]:
    with path.open("rb") as file:
        for _, _, text, _ in extract_python(file, KEYWORDS, [], {}):
            yield tuple(part for part in text if part)[:2] if isinstance(text, tuple) else text


if __name__ == "__main__":
    refresh()
