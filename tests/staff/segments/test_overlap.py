"""How segments overlap: the numbers, the picture, and the rule of a part."""

import json
from math import pi
from urllib.parse import parse_qs, urlparse

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from mailer.staff.segments.picture import _shared, circles
from subscribers.segments import compile_rule, parse
from subscribers.segments.counting import count
from subscribers.segments.saving import save
from tests.newsroom import make_issue, subscribe
from tests.roles import somebody

PAGE = "/staff/segments/overlap/"


@pytest.fixture
def signed_in(client):
    ours = make_issue(suffix="ours").newsletter.mailing_list
    subscribe(ours, "a@x.example", "b@x.example", "c@y.example")
    subscribe(make_issue(suffix="theirs").newsletter.mailing_list, "d@x.example", "e@z.example")
    save("x", {"version": 1, "field": "domain", "is": "x.example"}, name="<b>X</b>")
    save(
        "early",
        {"version": 1, "any": [{"field": "email", "starts_with": each} for each in "ad"]},
        name="Early",
    )
    client.force_login(somebody("marketer"))
    return client


@pytest.mark.django_db
def test_it_counts_each_every_pair_all_and_every_part(signed_in):
    page = signed_in.get(f"{PAGE}?of=segment:x&of=segment:early&of=list:weekly-ours")
    compared = page.context["compared"]
    rows = [[cell["people"] for cell in cells] for _, cells in compared.rows]
    assert rows == [[3, 2, 2], [2, 2, 1], [2, 1, 3]]
    assert (compared.in_all, compared.in_any) == (1, 4)
    assert {piece.says: piece.people for piece in compared.pieces} == {
        "In all: <b>X</b> and Early and Weekly (list)": 1,
        "In <b>X</b> and Early, in no other": 1,
        "In <b>X</b> and Weekly (list), in no other": 1,
        "Only in Weekly (list)": 1,
    }
    assert "<b>X</b>" not in page.text


@pytest.mark.django_db
def test_the_rule_of_a_part_names_just_its_people(signed_in):
    compared = signed_in.get(f"{PAGE}?of=segment:x&of=segment:early&of=list:weekly-ours").context["compared"]
    for piece in compared.pieces:
        rule = json.loads(parse_qs(urlparse(piece.url).query)["rule"][0])
        assert count(compile_rule(parse(rule), now=timezone.now())) == piece.people
        builder = signed_in.get(piece.url)
        assert builder.context["data"]["segment"]["rule"] == rule


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ("of=segment:x", "Choose at least two different ones."),
        ("of=segment:x&of=segment:x", "Choose at least two different ones."),
        ("of=segment:x&of=segment:none", "One of them is not there any more"),
        ("of=segment:x&of=%00", "One of them is not there any more"),
        ("&".join(f"of=list:{n}" for n in range(6)), "One of them is not there any more"),
    ],
)
def test_what_cannot_be_compared_is_told(signed_in, chosen, says):
    page = signed_in.get(f"{PAGE}?{chosen}")
    assert page.status_code == 200
    assert says in page.text


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.floats(0, 1))
def test_the_areas_of_the_circles_are_as_the_numbers(first, second, share):
    both = int(share * min(first, second))
    drawn = circles(first, second, both)
    scale = pi * 100**2 / max(first, second, 1)
    assert pi * drawn.first**2 == pytest.approx(first * scale, abs=0.1)
    assert pi * drawn.second**2 == pytest.approx(second * scale, abs=0.1)
    shared = _shared(drawn.first, drawn.second, drawn.second_x - drawn.first_x)
    assert shared == pytest.approx(both * scale, abs=0.5)
    assert drawn.first_x >= drawn.first
    assert drawn.second_x >= drawn.second - 1e-6
