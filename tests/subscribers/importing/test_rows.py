import pytest

from subscribers.importing import Note, Refusal
from subscribers.importing.columns import map_columns
from subscribers.importing.refusals import Refused
from subscribers.importing.rows import Record, cleaner
from subscribers.importing.topics import matcher

HEADER = ["email", "first name", "last name", "language", "time zone", "country", "topics", "company"]
clean = cleaner(map_columns(HEADER, "x"), matcher([(7, "ai", "AI"), (3, "policy", "Policy & law")]))


def record(**cells: str) -> Record:
    cells = {"email": "anna@example.org", **cells}
    outcome = clean([cells.get(name.replace(" ", "_"), "") for name in HEADER])
    assert isinstance(outcome, Record)
    return outcome


def test_a_short_row_is_filled_with_empty_cells():
    assert clean(["anna@example.org"]) == record()


def test_empty_cells_beyond_the_header_do_no_harm_and_others_are_refused():
    row = ["anna@example.org", *[""] * 7]
    assert clean([*row, "", " "]) == record()
    assert clean([*row, "x"]) == Refused(Refusal.TOO_MANY_CELLS)


def test_a_row_of_empty_cells_is_no_row():
    assert clean(["", " ", ""]) is None
    assert clean(["", "Anna"]) == Refused(Refusal.NO_ADDRESS)


@pytest.mark.parametrize(("text", "why"), [("a\0b", Refusal.NUL), ("Zo\udceb", Refusal.UNREADABLE)])
def test_what_no_text_holds_is_refused(text, why):
    assert clean(["anna@example.org", text]) == Refused(why)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Anna  Maria ", "Anna Maria"),
        ("Anna\r\nMaria", "Anna Maria"),
        ("Anna\u00a0\u3000Maria", "Anna Maria"),
        ("王小明", "王小明"),
        ("👩‍👩‍👧 Zoë", "👩‍👩‍👧 Zoë"),
        ("神", "神"),
        ("\u202eannA\u200b\x07", "annA"),
        ("=1+1", "=1+1"),
    ],
)
def test_names_are_stored_as_typed_on_one_line(typed, stored):
    assert record(first_name=typed).first_name == stored


def test_invisible_characters_are_taken_out_with_a_note():
    assert record(company="A\x07B").notes == (Note.CONTROL_CHARACTERS,)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("zh_CN", "zh-CN"),
        ("ZH-hans-cn", "zh-Hans-CN"),
        ("de_DE.UTF-8", "de-DE"),
        ("es-419", "es-419"),
        ("en", "en"),
    ],
)
def test_languages_become_language_tags(typed, stored):
    assert record(language=typed).language == stored


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("SG", "SG"), ("sg", "SG"), ("Singapore", "SG"), ("United Kingdom", "GB"), ("south korea", "KR")],
)
def test_countries_become_codes(typed, stored):
    assert record(country=typed).country == stored


def test_time_zones_are_iana_names():
    assert record(time_zone="asia/kuala lumpur").time_zone == "Asia/Kuala_Lumpur"


def test_values_that_are_not_known_are_left_out_with_a_note_each():
    found = record(language="Chinese", time_zone="Mars/Base", country="Narnia", topics="ai, knitting; 钓鱼")
    assert (found.language, found.time_zone, found.country, found.topic_ids) == ("", "", "", (7,))
    assert found.unknown_topics == ("knitting", "钓鱼")
    assert found.notes == (Note.LANGUAGE, Note.TIME_ZONE, Note.COUNTRY, Note.TOPIC, Note.TOPIC)


@pytest.mark.parametrize("cell", ["AI; policy", "POLICY & LAW|ai", "ai,policy,ai", "policy；ai"])
def test_topics_are_known_by_slug_or_name(cell):
    assert record(topics=cell).topic_ids == (3, 7)


def test_what_is_too_long_is_left_out_with_a_note():
    found = record(first_name="x" * 201, company="y" * 1001)
    assert (found.first_name, found.attributes) == ("", {})
    assert found.notes == (Note.NAME_TOO_LONG, Note.ATTRIBUTE_TOO_LONG)
