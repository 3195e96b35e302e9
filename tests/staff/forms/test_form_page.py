"""The page of a list's sign-up form, its preview, and what a site copies from it."""

import json

import pytest
from django.contrib.admin.models import LogEntry

from subscribers.models import MailingList, Wording
from subscribers.sign_up.wording import reword
from tests.newsroom import make_issue, subscribe
from tests.roles import somebody

pytestmark = pytest.mark.django_db
FORM = {"sign_up_open": "yes", "wording": "I agree to get Weekly."}
OWN = {
    "own_label": ["Size", ""],
    "own_key": ["size", ""],
    "own_type": ["choice", "text"],
    "own_required": ["yes", "no"],
    "own_choices": ["small, large", ""],
}


@pytest.fixture
def newsletter():
    return make_issue(suffix="ours").newsletter


@pytest.fixture
def weekly(newsletter) -> MailingList:
    return newsletter.mailing_list


@pytest.fixture
def marketer(client, newsletter):
    client.force_login(somebody("marketer", at=newsletter))
    return client


def page(mailing_list: MailingList) -> str:
    return f"/staff/lists/{mailing_list.pk}/form/"


def test_a_form_is_opened_with_fields_of_its_own_and_its_code_stands_there_to_be_copied(marketer, weekly):
    assert "The form is closed" in marketer.get(page(weekly)).text
    given = {
        **FORM,
        **OWN,
        "sign_up_asks": ["name", "shoe size", "topics"],
        "sign_up_next": "www.example.org/thanks",
        "sign_up_origins": "https://www.example.org\n\n https://example.net ",
    }
    answer = marketer.post(page(weekly), given, follow=True)
    assert "The form is saved." in answer.text
    weekly.refresh_from_db()
    assert weekly.sign_up_open
    assert weekly.sign_up_next == "https://www.example.org/thanks"
    assert weekly.sign_up_asks == ["topics", "name"]
    assert weekly.sign_up_origins == ["https://www.example.org", "https://example.net"]
    assert weekly.sign_up_fields == [
        {"key": "size", "label": "Size", "type": "choice", "required": True, "choices": ["small", "large"]}
    ]
    assert Wording.objects.get(mailing_list=weekly).text == "I agree to get Weekly."
    assert f"/s/{weekly.slug}" in answer.text
    assert "&lt;form method=&quot;post&quot;" in answer.text
    assert f"/api/sign-up/{weekly.slug}" in answer.text
    assert "open or closed" in LogEntry.objects.get().change_message


def test_a_field_without_a_name_of_its_own_is_called_as_its_label(marketer, weekly):
    unnamed = {**FORM, **OWN, "own_label": ["Company size (2026)", ""], "own_key": ["", ""]}
    marketer.post(page(weekly), unnamed)
    weekly.refresh_from_db()
    assert [field["key"] for field in weekly.sign_up_fields] == ["company_size_2026"]
    # What is wrong is said beside as well, where the form would be.
    answer = marketer.post(page(weekly), {**unnamed, "wording": ""})
    assert answer.status_code == 422
    assert answer.context["problems"] == answer.context["wrong"]["wording"]


def test_the_example_for_the_endpoint_is_taken_by_it(marketer, weekly, client):
    marketer.post(page(weekly), {**FORM, **OWN})
    call = marketer.get(page(weekly)).context["call"]
    body = json.loads(call.split("-d '")[1].removesuffix("'"))
    answer = client.post(f"/api/sign-up/{weekly.slug}", json.dumps(body), content_type="application/json")
    assert answer.status_code == 202, answer.text


def test_the_same_wording_is_no_next_version_and_a_changed_one_is(marketer, weekly):
    for text in ("One\r\ntwo", "One\r\ntwo", "Three"):
        marketer.post(page(weekly), {**FORM, "wording": text})
    assert list(Wording.objects.order_by("version").values_list("version", "text")) == [
        (1, "One\ntwo"),
        (2, "Three"),
    ]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"wording": ""}, "cannot be open without a text"),
        ({"sign_up_next": "http://www.example.org/"}, "has to begin with https://"),
        ({"confirmed_next": "javascript:alert(1)"}, "is not the whole address of a page"),
        ({"sign_up_origins": "https://Example.org/x"}, "write an origin as browsers send it"),
        ({**OWN, "own_key": ["First Name", ""]}, "has to be a name as merge tags write it"),
        ({**OWN, "own_key": ["email", ""]}, "Field 1 (email)"),
        ({**OWN, "own_type": ["nonsense", "text"]}, "has to be one of"),
        ({"wording": "a\x00b"}, "cannot be kept"),
    ],
)
def test_what_is_wrong_is_told_beside_it_and_nothing_is_saved(marketer, weekly, given, told):
    answer = marketer.post(page(weekly), {**FORM, **given})
    assert answer.status_code == 422
    assert told in answer.text
    weekly.refresh_from_db()
    assert not weekly.sign_up_open
    assert not Wording.objects.exists()


def test_the_preview_shows_what_is_typed_and_keeps_nothing(marketer, weekly):
    reword(weekly, "As it was")
    answer = marketer.post(
        f"{page(weekly)}preview/", {**FORM, **OWN, "wording": "</iframe><script>x</script>"}
    )
    assert "Size" in answer.text
    assert 'sandbox=""' in answer.text
    assert "<script>" not in answer.text
    assert list(Wording.objects.values_list("text", flat=True)) == ["As it was"]
    weekly.refresh_from_db()
    assert not weekly.sign_up_fields
    problems = marketer.post(f"{page(weekly)}preview/", {**FORM, "wording": ""}).text
    assert "cannot be open without a text" in problems


def test_whoever_may_not_change_the_list_looks_at_the_form(client, newsletter, weekly):
    reword(weekly, "I agree to get Weekly.")
    client.force_login(somebody("editor", at=newsletter))
    shown = client.get(page(weekly)).text
    assert "I agree to get Weekly.</textarea>" in shown
    assert "Save the form" not in shown
    assert client.post(page(weekly), FORM).status_code == 403
    theirs = make_issue(suffix="theirs").newsletter.mailing_list
    assert client.get(page(theirs)).status_code == 403


def test_a_new_list_leads_to_its_form(admin_client):
    given = {
        "name": "Daily",
        "slug": "daily",
        "soft_bounce_limit": 3,
        "soft_bounce_issues": 5,
        "soft_bounce_pause_days": 30,
    }
    answer = admin_client.post("/staff/subscribers/mailinglist/add/", given)
    assert answer.headers["Location"] == page(MailingList.objects.get(slug="daily"))


def test_the_overview_counts_each_list_by_state_after_the_page(marketer, weekly):
    subscribe(weekly, "anna@example.org", "bo@example.org")
    subscribe(weekly, "left@example.org", state="unsubscribed")
    theirs = make_issue(suffix="theirs").newsletter.mailing_list
    shown = marketer.get("/staff/lists/").text
    assert weekly.slug in shown
    assert theirs.slug not in shown
    counted = marketer.get(f"/staff/lists/{weekly.pk}/counts/").text
    assert "<b>2</b> <span>active" in counted
    assert "<b>1</b> <span>unsubscribed" in counted
    assert marketer.get(f"/staff/lists/{theirs.pk}/counts/").status_code == 403


@pytest.mark.usefixtures("redis_away")
def test_a_list_is_counted_while_redis_is_away(marketer, weekly):
    subscribe(weekly, "anna@example.org")
    assert "<b>1</b> <span>active" in marketer.get(f"/staff/lists/{weekly.pk}/counts/").text
