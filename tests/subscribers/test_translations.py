"""Every text that readers see is there in every language; see tests/translations.py for how to bring them up to date."""

import re
from collections import Counter
from gettext import GNUTranslations

import pytest
from babel.messages.catalog import Message

from tests.translations import LOCALES, catalog_of, po_of, refresh, texts

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[%sd]|\{\w*\}")
TAG = re.compile(r"</?[a-z][^>]*>")
FORMAL = {
    "de": re.compile(r"\b(du|dir|dich|dein\w*|euch|euer\w*)\b", re.IGNORECASE),
    "fr": re.compile(r"\b(tu|toi|ton|ta|tes)\b", re.IGNORECASE),
    "es": re.compile(r"\b(tú|te|ti|tus?|contigo)\b", re.IGNORECASE),
    "zh_Hans": re.compile("你"),
}
"""Words that address a reader as a friend."""


def translated(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def messages(locale: str) -> list[Message]:
    return [message for message in catalog_of(locale) if message.id]


def test_there_are_texts_of_templates_letters_and_python():
    places = {place for found in texts().values() for place in found}
    for part in (
        "templates/public/preferences.html",
        "subscribers/letters/wording.py",
        "subscribers/leaving.py",
    ):
        assert part in places


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_is_translated_and_nothing_else_is(locale):
    there = {message.id: message for message in messages(locale)}
    assert set(there) == set(texts())
    assert [text for text, message in there.items() if not all(translated(message))] == []
    assert [message.id for message in there.values() if message.fuzzy] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_placeholders_and_tags_are_those_of_the_source(locale):
    for message in messages(locale):
        # Of a singular and a plural the plural has them all; a singular may write out the number.
        source = message.id[-1] if isinstance(message.id, tuple) else message.id
        allowed = [source, *message.id] if isinstance(message.id, tuple) else [source]
        for text in translated(message):
            for pattern in (PLACEHOLDER, TAG):
                found = Counter(pattern.findall(text))
                assert found in [Counter(pattern.findall(each)) for each in allowed], text


@pytest.mark.parametrize("locale", LOCALES)
def test_readers_are_addressed_formally(locale):
    texts = [text for message in messages(locale) for text in translated(message)]
    assert [text for text in texts if FORMAL[locale].search(text)] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_the_compiled_file_is_that_of_the_source(locale):
    with po_of(locale).with_suffix(".mo").open("rb") as file:
        compiled = GNUTranslations(file)
    for message in messages(locale):
        if isinstance(message.id, tuple):
            assert {compiled.ngettext(*message.id, number) for number in (1, 2)} == set(message.string)
        else:
            assert compiled.gettext(message.id) == message.string


@pytest.mark.parametrize("suffix", [".po", ".mo"])
def test_bringing_the_files_up_to_date_changes_nothing_when_they_are(tmp_path, suffix):
    refresh(tmp_path)
    for locale in LOCALES:
        fresh, kept = (path.with_suffix(suffix) for path in (po_of(locale, tmp_path), po_of(locale)))
        assert fresh.read_bytes() == kept.read_bytes()
