"""The pages of segments: their list, and the builder's; errors at their place."""

import json

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.urls import reverse

from subscribers.models import Segment, Snapshot, Subscriber
from subscribers.segments.saving import save
from tests.roles import somebody

pytestmark = pytest.mark.django_db
SG = {"version": 1, "field": "country", "is": "SG"}
LIST, NEW, CREATE = "/staff/segments/", "/staff/segments/new/", "/staff/segments/new/save/"


@pytest.fixture
def signed_in(client):
    for n, country in enumerate(["SG", "SG", "MY"]):
        Subscriber.objects.create(email=f"reader{n}@example.org", country=country)
    client.force_login(User.objects.create_superuser("root"))
    return client


def post(client, address: str, body: object):
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(address, text, content_type="application/json")


def form(rule: object, slug: str = "asia", **more: object) -> dict[str, object]:
    return {"name": "Asia", "slug": slug, "rule": rule, "in_reports": False, **more}


def faults(answer) -> list[tuple[str, str]]:
    return [(fault["field"], f"{fault['place']}: {fault['message']}") for fault in answer.json()["faults"]]


def test_a_segment_is_made_and_shows_whom_it_names(signed_in):
    answer = post(signed_in, CREATE, form(SG))
    segment = Segment.objects.get()
    assert (answer.status_code, answer.json()["url"]) == (201, f"/staff/segments/{segment.pk}/")
    counted = post(signed_in, "/staff/segments/count/", {"rule": segment.rule}).json()
    assert counted["people"] == 2
    assert [each["address"] for each in counted["examples"]] == ["reader0@example.org", "reader1@example.org"]
    page = signed_in.get(answer.json()["url"])
    assert page.context["data"]["segment"]["rule"] == SG
    assert "in Singapore" in signed_in.get(LIST).text
    assert "<strong>2</strong>" in signed_in.get(f"/staff/segments/{segment.pk}/count/").text
    assert LogEntry.objects.get().get_change_message() == "Made the segment: in Singapore"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            {"version": 1, "all": [{"none": [{"field": "country", "is": "Narnia"}]}]},
            "all[0].none[0].is: no country",
        ),
        ({"version": 1, "topic": "payments"}, "topic: there is no topic"),
        ({"version": 1, "segment": "asia"}, "segment: the segment would be a part of itself"),
        ([1], ": this is a list: write an object"),
    ],
)
def test_errors_stand_at_the_rule_with_their_place(signed_in, rule, message):
    answer = post(signed_in, CREATE, form(rule))
    assert answer.status_code == 422
    [(field, said)] = faults(answer)
    assert field == "rule"
    assert said.startswith(message)
    assert not Segment.objects.exists()
    told = post(signed_in, "/staff/segments/check/", {"rule": rule, "slug": "asia"}).json()
    assert [f"{each['place']}: {each['message']}" for each in told["faults"]] == [said]
    counted = post(signed_in, "/staff/segments/count/", {"rule": rule, "slug": "asia"})
    assert counted.status_code == 422


def test_many_segments_come_page_by_page(signed_in):
    Segment.objects.bulk_create(Segment(name=f"Asia {n:02}", slug=f"asia-{n:02}", rule=SG) for n in range(51))
    first = signed_in.get(LIST, {"q": "asia"}).text
    assert "51 segments, page 1 of 2" in first
    assert "Asia 49" in first
    assert "Asia 50" not in first
    assert "?q=asia&amp;page=2" in first
    assert "Asia 50" in signed_in.get(LIST, {"q": "asia", "page": 2}).text


@pytest.mark.parametrize("address", [CREATE, "/staff/segments/check/", "/staff/segments/count/"])
def test_what_is_no_json_is_told_so(signed_in, address):
    answer = post(signed_in, address, "{")
    assert answer.status_code == 422
    assert "no JSON that can be read" in answer.text


@pytest.mark.parametrize("address", [CREATE, "/staff/segments/check/", "/staff/segments/count/"])
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
def test_a_rule_that_no_rule_can_be_is_refused_at_its_place(signed_in, rule, address):
    answer = post(signed_in, address, f'{{"name": "A", "slug": "a", "rule": {rule}}}')
    if address.endswith("check/") and answer.status_code == 200:
        assert answer.json()["faults"]
    else:
        assert answer.status_code == 422
    assert not Segment.objects.exists()


@pytest.mark.parametrize("name", ["\ud800", "a\x00b", "x" * 201, " "])
def test_a_name_that_cannot_be_one_is_refused(signed_in, name):
    answer = post(signed_in, CREATE, form(SG) | {"name": name})
    assert [field for field, _ in faults(answer)] == ["name"]


def test_a_segment_that_is_used_stays_and_keeps_its_short_name(signed_in):
    segment, _ = save("asia", SG)
    other, _ = save("other", {"version": 1, "segment": "asia"})
    page = f"/staff/segments/{segment.pk}/"
    assert f'Segment <a href="/staff/segments/{other.pk}/">' in signed_in.get(page).text
    answer = signed_in.post(f"{page}delete/", follow=True)
    assert "asia is a part of other" in answer.text
    assert not LogEntry.objects.exists()
    answer = post(signed_in, f"{page}save/", form(SG, "renamed"))
    assert "keep its short name" in dict(faults(answer))["slug"]
    segment.refresh_from_db()
    assert segment.slug == "asia"


def test_one_that_nothing_uses_is_deleted_and_that_is_recorded(signed_in):
    segment, _ = save("asia", SG)
    assert "Deleted asia" in signed_in.post(f"/staff/segments/{segment.pk}/delete/", follow=True).text
    assert not Segment.objects.exists()
    assert LogEntry.objects.get().get_change_message() == "Deleted asia."


def test_a_segment_that_somebody_else_saved_is_not_written_over(signed_in):
    segment, _ = save("asia", SG)
    page = f"/staff/segments/{segment.pk}/"
    base = signed_in.get(page).context["data"]["segment"]["changed_at"]
    first = post(signed_in, f"{page}save/", form(SG, base=base))
    assert first.status_code == 200
    assert post(signed_in, f"{page}save/", form(SG, base=base)).status_code == 409
    assert post(signed_in, f"{page}save/", form(SG, base=first.json()["changed_at"])).status_code == 200


def test_snapshots_are_taken_and_deleted_on_its_page(signed_in):
    segment, _ = save("asia", SG)
    page = f"/staff/segments/{segment.pk}/"
    assert "holds 2 people" in signed_in.post(f"{page}snapshot/", follow=True).text
    snapshot = Snapshot.objects.get()
    assert snapshot.slug in signed_in.get(page).text
    assert "No snapshot was taken" in signed_in.post(f"{page}snapshot/", {"slug": "a b"}, follow=True).text
    assert "<strong>2</strong>" not in signed_in.get(LIST).text
    assert "newest snapshot" in signed_in.get(LIST).text
    signed_in.post(f"/staff/segments/snapshots/{snapshot.pk}/delete/")
    assert not Snapshot.objects.exists()


def test_what_led_to_the_form_of_the_admin_leads_to_the_builder(signed_in):
    segment, _ = save("asia", SG)
    page = f"/staff/segments/{segment.pk}/"
    for name, arguments, leads in (
        ("changelist", [], LIST),
        ("add", [], NEW),
        ("change", [segment.pk], page),
        ("delete", [segment.pk], page),
    ):
        address = reverse(f"admin:subscribers_segment_{name}", args=arguments)
        assert signed_in.get(address).url == leads


def test_addresses_are_for_those_who_may_see_people(client):
    Subscriber.objects.create(email="reader@example.org", country="SG")
    segment, _ = save("asia", SG)
    address = f"/staff/segments/{segment.pk}/count/?as=json"
    client.force_login(somebody("reader"))
    counted = client.get(address)
    assert counted.json()["people"] == 1
    assert "reader@example.org" not in counted.text
    client.force_login(somebody("editor"))
    assert "reader@example.org" in client.get(address).text


@pytest.mark.parametrize("rule", ["NaN", "[1e999]", "[" * 900 + "]" * 900, "[" * 60 + "]" * 60, "{", "0"])
def test_a_rule_in_an_address_that_no_page_could_read_is_passed_over(signed_in, rule):
    page = signed_in.get(NEW, {"rule": rule})
    assert page.status_code == 200
    assert page.context["data"]["segment"]["rule"] == {"version": 1, "all": [{}]}
