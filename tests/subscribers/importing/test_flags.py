import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.cleaning.flags import GREAT_DOMAINS, NEIGHBOURS, flags, meant, one_slip, suggestion
from subscribers.importing.importer import written_summary
from subscribers.models import Import, Subscriber


@pytest.mark.parametrize(
    ("domain", "great"),
    [
        ("gmial.com", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("gnail.com", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("yaho.com", "yahoo.com"),
        ("outlok.com", "outlook.com"),
        ("gmail.com", ""),
        ("gmx.at", ""),
        ("ymail.com", ""),
        ("example.org", ""),
        ("gmial.example", ""),
        ("mial.com", ""),
    ],
)
def test_a_slip_in_a_great_domain_is_told_and_real_neighbours_are_not(domain, great):
    assert meant(domain) == great
    assert flags(f"anna@{domain.upper()}").suggestion == great


def test_the_suggestion_is_the_whole_address():
    assert suggestion("Anna@gmial.com") == "Anna@gmail.com"
    assert suggestion("anna@gmail.com") == ""


@pytest.mark.parametrize("name", ["info", "Sales", "no-reply", "webmaster"])
def test_addresses_of_a_role_are_told(name):
    assert flags(f"{name}@example.org").role
    assert not flags("anna@example.org")


def test_no_great_domain_and_no_real_neighbour_is_taken_for_a_slip():
    assert [domain for domain in (*GREAT_DOMAINS, *NEIGHBOURS) if meant(domain)] == []


def distance(one: str, other: str) -> int:
    """Damerau-Levenshtein (optimal string alignment), from its definition."""
    rows = {(i, 0): i for i in range(len(one) + 1)} | {(0, j): j for j in range(len(other) + 1)}
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            cost = one[i - 1] != other[j - 1]
            rows[i, j] = min(rows[i - 1, j] + 1, rows[i, j - 1] + 1, rows[i - 1, j - 1] + cost)
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                rows[i, j] = min(rows[i, j], rows[i - 2, j - 2] + 1)
    return rows[len(one), len(other)]


@given(st.text("abc.", max_size=5), st.text("abc.", max_size=5))
def test_one_slip_is_a_damerau_levenshtein_distance_of_one(one, other):
    assert one_slip(one, other) == (distance(one, other) == 1)


def test_flagged_addresses_are_imported_counted_and_kept_for_download(importing, tmp_path):
    summary = importing("email\ninfo@gmial.com\nanna@gmail.com\nsales@example.org\n")
    assert Subscriber.objects.count() == 3
    assert summary.flagged == {"role": 2, "typo": 1}
    place = tmp_path / "flagged.csv"
    written_summary(Import.objects.get(), None, place)
    assert list(csv.reader(place.open(encoding="utf-8-sig"))) == [
        ["line", "email", "role", "perhaps meant"],
        ["2", "info@gmial.com", "role address", "gmail.com"],
        ["4", "sales@example.org", "role address", ""],
    ]
