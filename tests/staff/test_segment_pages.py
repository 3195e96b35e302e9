"""The page of a segment: its rule, what it says, whom it names; errors at their place."""

import json

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from subscribers.models import Segment, Snapshot, Subscriber
from subscribers.segments.saving import save

pytestmark = pytest.mark.django_db
SG = {"version": 1, "field": "country", "is": "SG"}
ADD = "/staff/subscribers/segment/add/"


@pytest.fixture
def signed_in(client):
    for n, country in enumerate(["SG", "SG", "MY"]):
        Subscriber.objects.create(email=f"reader{n}@example.org", country=country)
    client.force_login(User.objects.create_superuser("root"))
    return client


def change(segment: Segment) -> str:
    return reverse("admin:subscribers_segment_change", args=[segment.pk])


def form(rule: object, slug: str = "asia") -> dict[str, str]:
    return {"name": "Asia", "slug": slug, "rule": json.dumps(rule)}


def test_a_segment_is_made_and_shows_whom_it_names(signed_in):
    assert signed_in.post(ADD, form(SG)).status_code == 302
    page = signed_in.get(change(Segment.objects.get())).text
    for words in ("in Singapore", "<strong>2</strong> people", "reader0@example.org", "reader1@example.org"):
        assert words in page
    assert "reader2@example.org" not in page
    assert "in Singapore" in signed_in.get("/staff/subscribers/segment/").text


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            {"version": 1, "all": [{"none": [{"field": "country", "is": "Narnia"}]}]},
            "all[0].none[0].is: no country",
        ),
        ({"version": 1, "topic": "payments"}, "topic: there is no topic"),
        ({"version": 1, "segment": "asia"}, "segment: the segment would be a part of itself"),
        ([1], "this is a list: write an object"),
    ],
)
def test_errors_stand_at_the_rule_with_their_place(signed_in, rule, message):
    answer = signed_in.post(ADD, form(rule))
    assert answer.status_code == 200
    assert message in answer.context["adminform"].form.errors["rule"][0]
    assert not Segment.objects.exists()


def test_what_is_no_json_is_told_so(signed_in):
    answer = signed_in.post(ADD, {**form(SG), "rule": "{"})
    assert "Enter a valid JSON." in answer.text


@pytest.mark.parametrize(
    "rule",
    [
        '{"all": ' * 5000,
        '{"all": [' * 900 + "1" + "]}" * 900,
        '{"version": 1' + "0" * 5000 + "}",
        '{"version": 1, "attribute": "a", "type": "number", "is": NaN}',
        '{"version": 1, "field": "email", "is": "\\ud800"}',
        '{"version": 1, "\\ud800": "\\u0000"}',
        '{"version": 1, "every_topic": true, "\\ud800": 1}',
    ],
)
def test_a_rule_that_no_rule_can_be_is_refused_at_its_place(signed_in, rule):
    answer = signed_in.post(ADD, {**form(SG), "rule": rule})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["rule"]


def test_a_segment_that_is_used_stays_and_keeps_its_short_name(signed_in):
    segment, _ = save("asia", SG)
    save("other", {"version": 1, "segment": "asia"})
    address = reverse("admin:subscribers_segment_delete", args=[segment.pk])
    assert "whose rule names asia" in signed_in.get(address).text.lower().replace("&#x27;", "'")
    signed_in.post(address, {"post": "yes"})
    answer = signed_in.post(change(segment), form(SG, "renamed"))
    assert "keep its short name" in answer.context["adminform"].form.errors["rule"][0]
    segment.refresh_from_db()
    assert segment.slug == "asia"


def test_snapshots_are_taken_on_the_list(signed_in):
    segment, _ = save("asia", SG)
    chosen = {"action": "take_snapshots", "_selected_action": [segment.pk]}
    answer = signed_in.post("/staff/subscribers/segment/", chosen, follow=True)
    assert "holds 2 people" in answer.text
    assert Snapshot.objects.get().slug in signed_in.get(change(segment)).text


def test_addresses_are_for_those_who_may_see_people(client):
    Subscriber.objects.create(email="reader@example.org", country="SG")
    segment, _ = save("asia", SG)
    person = User.objects.create_user("figures", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_segment"))
    client.force_login(person)
    page = client.get(change(segment)).text
    assert "<strong>1</strong> person" in page
    assert "reader@example.org" not in page
    person.user_permissions.add(Permission.objects.get(codename="view_subscriber"))
    assert "reader@example.org" in client.get(change(segment)).text
