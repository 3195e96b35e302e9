"""In which language a page speaks, and its dates."""

from datetime import date

import pytest

from subscribers.language import NAMES, SPOKEN, speaking, spoken, written
from subscribers.models import Subscriber
from tests.subscribers.readers import link, make_list, make_reader, publish, strict_client


@pytest.mark.parametrize(
    ("wishes", "language"),
    [
        (["de"], "de"),
        (["de-AT", "fr"], "de"),
        (["FR_ca"], "fr"),
        (["zh-Hans-SG"], "zh-Hans"),
        (["zh"], "zh-Hans"),
        (["zh-CN"], "zh-Hans"),
        (["zh-Hant", "en"], "en"),
        (["zh-TW", "zh-Hans"], "zh-Hans"),
        (["ja", "es"], "es"),
        (["", "de"], "de"),
        (["", ""], "en"),
        (["../../de", "x"], "en"),
        ([], "en"),
    ],
)
def test_the_first_language_that_is_spoken_is_taken(wishes, language):
    assert spoken(*wishes) == language


@pytest.mark.parametrize(
    ("language", "day", "text"),
    [
        ("en", date(2027, 3, 1), "1 March 2027"),
        ("de", date(2027, 3, 1), "1. März 2027"),
        ("fr", date(2027, 3, 1), "1er mars 2027"),
        ("fr", date(2027, 8, 21), "21 août 2027"),
        ("es", date(2027, 3, 1), "1 de marzo de 2027"),
        ("zh-Hans", date(2027, 3, 1), "2027年3月1日"),
    ],
)
def test_dates_are_written_as_the_language_writes_them(language, day, text):
    with speaking(language):
        assert written(day) == text


def test_each_language_has_its_own_name():
    assert list(NAMES) == list(SPOKEN)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("own", "newsletter", "language"),
    [("fr", "de", "fr"), ("", "de", "de"), ("ja", "de", "de"), ("", "ja", "en"), ("zh-CN", "en", "zh-Hans")],
)
def test_a_page_speaks_the_readers_language_else_the_newsletters_else_english(own, newsletter, language):
    weekly = make_list("weekly", "Weekly")
    publish(weekly, language=newsletter)
    subscription = make_reader(weekly)
    Subscriber.objects.update(language=own)
    for page in ("preferences", "unsubscribe"):
        assert f'<html lang="{language}">' in strict_client().get(link(page, subscription)).text


@pytest.mark.django_db
def test_what_one_reader_reads_does_not_stay_for_the_next():
    weekly = make_list("weekly", "Weekly")
    client = strict_client()
    german = make_reader(weekly, "anna@example.org", language="de")
    plain = make_reader(weekly, "bob@example.org")
    client.get(link("preferences", german))
    assert "Your preferences" in client.get(link("preferences", plain)).text
