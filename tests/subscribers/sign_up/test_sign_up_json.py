"""Sign-up as JSON: what it takes, what it answers, and who may call it from a browser."""

import json

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subscribers.models import Consent, Letter, PendingSignUp, Subscriber, Topic
from tests.newsroom import subscribe
from tests.subscribers.readers import headers_of
from tests.subscribers.signing_up import ANNA, open_form, state_of

pytestmark = pytest.mark.django_db
SITE = "https://www.example.org"
ENDPOINT = "/api/sign-up/weekly"


@pytest.fixture
def weekly():
    Topic.objects.create(slug="ai", name="AI")
    return open_form(
        sign_up_asks=["topics", "cadence"],
        sign_up_intro="News",
        sign_up_origins=[SITE],
        sign_up_fields=[
            {"key": "company", "label": "Company", "type": "text", "required": True},
            {"key": "member", "label": "Member", "type": "yes_no"},
            {"key": "staff", "label": "Staff", "type": "number"},
        ],
    )


BODY = {"email": ANNA, "wording": 1, "fields": {"company": "Example Ltd"}}


def send(client, body, content_type="application/json", **meta):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(ENDPOINT, data, content_type=content_type, **meta)


def test_it_signs_up_by_the_same_rules(client, weekly):
    fields = {"company": "Example Ltd", "member": True, "staff": 12}
    answer = send(client, BODY | {"topics": ["ai"], "cadence": "second", "fields": fields}, HTTP_ORIGIN=SITE)
    assert (answer.status_code, answer.json()) == (202, {"status": "confirmation_needed"})
    assert answer["Access-Control-Allow-Origin"] == SITE
    assert state_of() == "pending"
    assert Letter.objects.get().kind == "confirm"
    assert Consent.objects.get().source == f"JSON from {SITE}"
    assert PendingSignUp.objects.get().chosen == {
        "topic_ids": [Topic.objects.get().pk],
        "cadence": "second",
        "attributes": fields,
    }


def test_the_answer_does_not_tell_who_is_known(client, weekly):
    unknown = send(client, BODY | {"email": "stranger@example.org"})
    subscribe(weekly, ANNA)
    known = send(client, BODY)
    assert (known.status_code, known.content, headers_of(known)) == (
        unknown.status_code,
        unknown.content,
        headers_of(unknown),
    )


def test_a_slip_is_told_and_taken_as_typed(client, weekly):
    answer = send(client, BODY | {"email": "anna@gmial.com"})
    assert answer.json() == {"status": "confirmation_needed", "did_you_mean": "anna@gmail.com"}
    assert state_of("anna@gmial.com") == "pending"


def test_the_honeypot_is_here_too(client, weekly):
    answer = send(client, BODY | {"website": "https://spam.example"})
    assert (answer.status_code, answer.json()) == (202, {"status": "confirmation_needed"})
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"wording": 1, "fields": {"company": "x"}}, "email"),
        (BODY | {"email": 7}, "email"),
        (BODY | {"email": "anna"}, "email"),
        (BODY | {"email": "a@example.org\nbcc: b@example.org"}, "email"),
        ({"email": ANNA, "fields": {"company": "x"}}, "wording"),
        (BODY | {"wording": 2}, "wording"),
        (BODY | {"wording": True}, "wording"),
        (BODY | {"wording": 10**30}, "wording"),
        (BODY | {"topics": "ai"}, "topics"),
        (BODY | {"topics": ["fax"]}, "topics"),
        (BODY | {"topics": [1]}, "topics"),
        (BODY | {"cadence": "daily"}, "cadence"),
        (BODY | {"first_name": "Anna"}, "first_name"),
        (BODY | {"shoe_size": 42}, "shoe_size"),
        (BODY | {"fields": []}, "fields"),
        (BODY | {"fields": {}}, "fields.company"),
        (BODY | {"fields": {"company": "x", "shoe_size": 42}}, "fields.shoe_size"),
        (BODY | {"fields": {"company": ["x"]}}, "fields.company"),
        (BODY | {"fields": {"company": "x", "staff": True}}, "fields.staff"),
        (BODY | {"fields": {"company": "x", "member": 1}}, "fields.member"),
        ([], ""),
        ("anna@example.org", ""),
    ],
)
def test_what_is_wrong_is_told_by_the_name_of_the_field(client, weekly, body, field):
    answer = send(client, body)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid"
    assert list(answer.json()["error"]["fields"]) == [field]
    assert answer.json()["error"]["fields"][field][0]
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed_json"),
        (b" ", "application/json", 400, "malformed_json"),
        (b"\xff\xfe", "application/json", 400, "malformed_json"),
        (b'{"email": "\\ud800@example.org"}', "application/json", 400, "malformed_json"),
        (b"[" * 5000, "application/json", 400, "malformed_json"),
        (b" " * 16_385, "application/json", 413, "too_large"),
        (b"email=anna%40example.org", "application/x-www-form-urlencoded", 415, "not_json"),
        (b"{}", "text/plain", 415, "not_json"),
    ],
)
def test_what_is_no_json_is_told(client, weekly, body, content_type, status, code):
    answer = send(client, body, content_type)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_told(client, weekly, method):
    answer = getattr(client, method)(ENDPOINT)
    assert answer.status_code == 405
    assert "POST" in answer["Allow"]


def test_a_closed_form_takes_nothing(client, weekly):
    weekly.sign_up_open = False
    weekly.save()
    answer = send(client, BODY)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such_form")


def test_a_site_that_the_list_names_may_ask_and_call(client, weekly):
    answer = client.options(ENDPOINT, HTTP_ORIGIN=SITE, HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST")
    assert answer.status_code == 204
    assert answer["Access-Control-Allow-Origin"] == SITE
    assert "POST" in answer["Access-Control-Allow-Methods"]
    assert answer["Access-Control-Allow-Headers"] == "Content-Type"
    assert "Access-Control-Allow-Credentials" not in answer
    assert answer["Vary"] == "Origin"


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "https://www.example.org.evil.example", "http://www.example.org"],
)
def test_another_site_may_not(client, weekly, origin):
    for answer in (client.options(ENDPOINT, HTTP_ORIGIN=origin), send(client, BODY, HTTP_ORIGIN=origin)):
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin_not_allowed")
        assert "Access-Control-Allow-Origin" not in answer
    assert not Subscriber.objects.exists()


def test_a_site_may_ask_what_the_form_is_made_of(client, weekly):
    answer = client.get(ENDPOINT, HTTP_ORIGIN=SITE).json()
    assert answer["wording"] == {"version": 1, "text": "I agree to get the Weekly."}
    fields = {field["name"]: field for field in answer["fields"]}
    assert list(fields) == ["email", "fields.company", "fields.member", "fields.staff", "topics", "cadence"]
    assert fields["fields.company"] == {
        "name": "fields.company",
        "label": "Company",
        "required": True,
        "type": "text",
    }
    assert fields["topics"]["choices"] == [{"value": "ai", "label": "AI"}]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["email", "wording", "topics", "cadence", "fields", "website"]) | st.text(max_size=8)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=st.dictionaries(NAMES, VALUES, max_size=6) | VALUES)
def test_whatever_is_sent_is_answered(client, weekly, body):
    cache.clear()
    answer = send(client, json.dumps(body).encode())
    assert answer.status_code in (202, 400, 422)
    if answer.status_code != 202:
        assert answer.json()["error"]["code"]
