"""Searching people by any part of their address and name."""

from unittest import mock

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from subscribers.models import MailingList, SearchChange, SearchEntry, Subscriber, Subscription
from subscribers.search.find import Found, find
from subscribers.search.grams import fold, folded, grams_of, grams_of_word, is_short
from subscribers.search.index import index_some

pytestmark = pytest.mark.django_db

PEOPLE = (
    ("anna.schmidt@example.org", "Anna", "Schmidt"),
    ("hannah@annexe.example", "Hannah", "Ito"),
    ("jose@example.org", "José", "Núñez"),
    ("wang@example.cn", "小明", "王"),
    ("o_neil+news@example.ie", "Seán", "O'Neil"),
    ("strasse@example.de", "Jürgen", "Straße"),
)


@pytest.fixture(params=["indexed", "in the queue", "among the newest"])
def people(request: pytest.FixtureRequest, monkeypatch) -> dict[str, Subscriber]:
    """The people, once in the index, once still waiting for it, and once so new that they are looked through: nobody
    may notice."""
    if request.param != "among the newest":
        monkeypatch.setattr("subscribers.search.find.NEWEST", -1)
    made = Subscriber.objects.bulk_create(
        Subscriber(email=email, first_name=first, last_name=last) for email, first, last in PEOPLE
    )
    if request.param != "in the queue":
        index_all()
    return {person.email: person for person in made}


def index_all() -> None:
    while index_some():
        pass
    assert not SearchChange.objects.exists()


def addresses(found: Found) -> list[str]:
    return [hit.email for hit in found.hits]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("anna.schmidt@example.org", {"anna.schmidt@example.org"}),
        ("ANNA.Schmidt@Example.org", {"anna.schmidt@example.org"}),
        ("nna", {"anna.schmidt@example.org", "hannah@annexe.example"}),
        ("schmi", {"anna.schmidt@example.org"}),
        ("a.sch", {"anna.schmidt@example.org"}),
        ("schmidt anna", {"anna.schmidt@example.org"}),
        ("anna ito", {"hannah@annexe.example"}),
        ("jose", {"jose@example.org"}),
        ("nuñe", {"jose@example.org"}),
        ("NUNEZ", {"jose@example.org"}),
        ("sean", {"o_neil+news@example.ie"}),
        ("o'neil", {"o_neil+news@example.ie"}),
        ("o_neil+", {"o_neil+news@example.ie"}),
        ("strasse", {"strasse@example.de"}),
        ("STRAẞE", {"strasse@example.de"}),
        ("ｓｃｈｍｉ", {"anna.schmidt@example.org"}),
        ("王", {"wang@example.cn"}),
        ("小明", {"wang@example.cn"}),
        ("明", {"wang@example.cn"}),
        ("王小明", {"wang@example.cn"}),
        ("j", {"jose@example.org", "strasse@example.de"}),
        ("hü", set()),
        ("ha", {"hannah@annexe.example"}),
        ("an", {"anna.schmidt@example.org", "hannah@annexe.example"}),
        ("@example.d", {"strasse@example.de"}),
        ("100%", set()),
        ("%", set()),
        ("a%c", set()),
        ("nobody at all", set()),
    ],
)
def test_any_part_of_address_and_name_is_found(people, text: str, expected: set[str]) -> None:
    assert set(addresses(find(text, 50))) == expected


def test_a_text_without_letters_to_look_for_says_so(people) -> None:
    assert find("@", 50) == Found(too_short=True)
    assert find("  ", 50) == Found(too_short=True)
    assert not find("a", 50).too_short


def test_the_exact_address_comes_first_then_what_begins_so_then_the_rest() -> None:
    for email in ("joanna@example.org", "ann@example.org.sg", "ann@example.org", "mann@example.org"):
        Subscriber.objects.create(email=email)
    index_all()
    assert addresses(find("Ann@example.org", 50)) == [
        "ann@example.org",
        "ann@example.org.sg",
        "mann@example.org",
    ]


def test_whom_the_index_does_not_have_is_found_by_it_alone_when_it_has_them(monkeypatch) -> None:
    """The other tests would not notice an index that nobody reads."""
    monkeypatch.setattr("subscribers.search.find.NEWEST", -1)
    Subscriber.objects.create(email="anna@example.org")
    index_all()
    SearchEntry.objects.all().delete()
    assert find("anna", 5).hits == ()


def test_no_more_than_asked_for_and_that_there_are_more() -> None:
    Subscriber.objects.bulk_create(Subscriber(email=f"reader{number}@example.org") for number in range(30))
    index_all()
    found = find("reader", 20)
    assert (len(found.hits), found.more) == (20, True)
    assert (len(find("reader", 30).hits), find("reader", 30).more) == (30, False)


def test_only_people_of_a_list(people) -> None:
    mailing_list = MailingList.objects.create(slug="weekly", name="Weekly")
    Subscription.objects.create(
        subscriber=people["hannah@annexe.example"], mailing_list=mailing_list, state="unsubscribed"
    )
    assert addresses(find("nna", 50, mailing_list_id=mailing_list.pk)) == ["hannah@annexe.example"]
    assert addresses(find("hannah@annexe.example", 50, mailing_list_id=mailing_list.pk + 1)) == []


def test_a_change_is_found_at_once_and_the_old_name_no_more(people) -> None:
    index_all()
    Subscriber.objects.filter(email="jose@example.org").update(last_name="García")
    assert addresses(find("garcia", 5)) == ["jose@example.org"]
    assert addresses(find("nunez", 5)) == []
    index_all()
    assert addresses(find("garcia", 5)) == ["jose@example.org"]
    assert addresses(find("nunez", 5)) == []


def test_what_is_not_searched_gives_the_index_no_work(people) -> None:
    index_all()
    Subscriber.objects.update(country="SG", changed_at=timezone.now(), first_name="first_name")
    Subscriber.objects.update(country="MY")
    index_all()
    Subscriber.objects.update(country="ID")
    assert not SearchChange.objects.exists()


def test_the_erased_leave_the_index_at_once(people) -> None:
    index_all()
    Subscriber.objects.filter(email="jose@example.org").update(
        email="erased-1@erased.invalid", first_name="", last_name="", erased_at=timezone.now()
    )
    assert not SearchEntry.objects.filter(subscriber=people["jose@example.org"]).exists()
    assert find("erased", 5).hits == ()
    assert find("jose", 5).hits == ()


def test_a_million_in_a_row_are_one_note_and_numbers_far_apart_are_their_own() -> None:
    Subscriber.objects.bulk_create(Subscriber(email=f"a{number}@example.org") for number in range(500))
    assert SearchChange.objects.count() == 1
    highest = Subscriber.objects.order_by("-id").values_list("id", flat=True)[0]
    Subscriber.objects.bulk_create(
        Subscriber(id=highest + step, email=f"b{step}@example.org") for step in (1, 1_000_000)
    )
    assert SearchChange.objects.count() == 3
    index_all()
    assert SearchEntry.objects.count() == 502


def test_a_range_is_indexed_piece_by_piece(monkeypatch) -> None:
    monkeypatch.setattr("subscribers.search.index.PEOPLE", 7)
    Subscriber.objects.bulk_create(Subscriber(email=f"a{number}@example.org") for number in range(20))
    assert [index_some(), index_some(), index_some(), index_some()] == [7, 7, 6, 0]
    assert len(find("example", 50).hits) == 20


LETTERS = st.text(st.sampled_from("aAbéÉßİıøｊ王小明ガ가 .-_'%+@1"), max_size=12)


@settings(max_examples=300, deadline=None)
@given(email=LETTERS, first=LETTERS, last=LETTERS, start=st.integers(0, 30), length=st.integers(1, 8))
def test_whatever_is_part_of_somebody_has_grams_that_they_have(
    email: str, first: str, last: str, start: int, length: int
) -> None:
    text = folded(email, first, last)
    has = grams_of(text)
    for word in text[start : start + length].split():
        at = text.find(word)
        begins = at == 0 or not text[at - 1].isalnum()
        if not is_short(word) or begins:
            assert grams_of_word(word) <= has
        if begins:
            assert grams_of_word(word, at_start=True) <= has


class RandomPeople(TestCase):
    """The search against the plain rule, for random people, some of whom the index knows."""

    def setUp(self) -> None:
        patched = mock.patch("subscribers.search.find.NEWEST", -1)
        patched.start()
        self.addCleanup(patched.stop)

    @settings(max_examples=40, deadline=None)
    @given(
        names=st.lists(st.tuples(LETTERS, LETTERS), min_size=1, max_size=6),
        text=LETTERS,
        indexed=st.integers(0, 6),
    )
    def test_finds_who_has_every_word(self, names: list[tuple[str, str]], text: str, indexed: int) -> None:
        made = [
            Subscriber.objects.create(email=f"{number}@x.example", first_name=first, last_name=last)
            for number, (first, last) in enumerate(names)
        ]
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM subscribers_searchchange WHERE first_id >= %s", [made[indexed % len(made)].pk]
            )
            index_all()
            cursor.execute(
                "INSERT INTO subscribers_searchchange (first_id, last_id) VALUES (%s, %s)",
                [made[indexed % len(made)].pk, made[-1].pk],
            )
        words = fold(text).split()
        found = find(text, 100)
        if found.too_short:
            return
        expected = {
            person.pk
            for person in made
            if all(is_in(word, folded(person.email, person.first_name, person.last_name)) for word in words)
        }
        assert set(found.ids) == expected


def is_in(word: str, text: str) -> bool:
    if not is_short(word):
        return word in text
    return any(
        text.startswith(word, at) and (at == 0 or not text[at - 1].isalnum()) for at in range(len(text))
    )
