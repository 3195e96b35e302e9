"""Staff export subscribers as a file."""

import html

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from subscribers.models import MailingList, Segment
from tests.newsroom import make_issue, subscribe
from tests.roles import somebody

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def weekly() -> MailingList:
    weekly = MailingList.objects.create(slug="weekly", name="<b>Weekly</b>")
    subscribe(weekly, "a@example.org", first_name="=1+1")
    subscribe(weekly, "left@example.org", state="unsubscribed")
    return weekly


@pytest.fixture
def page() -> str:
    return reverse("admin:subscribers_mailinglist_export")


def body(answer) -> str:
    return b"".join(answer.streaming_content).decode("utf-8-sig")


def test_a_list_is_streamed_as_csv_and_it_is_recorded_who_took_how_many(client, weekly, page, caplog) -> None:
    client.force_login(somebody("marketer", username="anna"))
    assert f"{page}?list=weekly" in client.get(reverse("staff:lists")).text
    shown = client.get(f"{page}?list=weekly").text
    assert '<option value="weekly" selected>&lt;b&gt;Weekly&lt;/b&gt;</option>' in shown
    answer = client.post(page, {"mailing_list": "weekly"})
    assert answer.streaming
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="weekly-')
    lines = body(answer).splitlines()
    assert lines[0].startswith("email,first_name,")
    assert [line.split(",")[:2] for line in lines[1:]] == [
        ["a@example.org", "'=1+1"],
        ["left@example.org", ""],
    ]
    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.change_message) == ("anna", "Exported 2 subscribers: list weekly")
    assert "example.org" not in caplog.text


def test_only_some_states_and_only_of_a_segment(client, weekly, page) -> None:
    rule = {"version": 1, "all": [{"field": "email", "contains": "left"}]}
    Segment.objects.create(slug="left", name="Left", rule=rule)
    client.force_login(somebody("marketer", username="anna"))
    assert f"{page}?segment=left" in client.get(reverse("staff:segments")).text
    assert '<option value="left" selected>' in client.get(f"{page}?segment=left").text
    active = body(client.post(page, {"mailing_list": "weekly", "states": ["active"]}))
    assert [line.split(",")[0] for line in active.splitlines()[1:]] == ["a@example.org"]
    both = body(client.post(page, {"mailing_list": "weekly", "segment": "left"}))
    assert [line.split(",")[0] for line in both.splitlines()[1:]] == ["left@example.org"]


def test_a_file_that_is_broken_off_is_recorded_too(client, weekly, page) -> None:
    client.force_login(somebody("marketer", username="anna"))
    answer = client.post(page, {"mailing_list": "weekly"})
    pieces = iter(answer.streaming_content)
    next(pieces)
    answer.close()
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("given", [{}, {"mailing_list": "none"}, {"segment": "none"}, {"states": ["active"]}])
def test_what_cannot_be_exported_is_said_and_gives_no_file(client, weekly, page, given) -> None:
    client.force_login(somebody("marketer", username="anna"))
    answer = client.post(page, given)
    assert answer.status_code == 200
    assert not answer.streaming
    assert 'role="alert"' in answer.text


def test_it_wants_a_right_of_its_own(client, weekly, page) -> None:
    client.force_login(somebody("editor", "approver"))
    assert page not in client.get(reverse("staff:lists")).text
    assert client.get(page).status_code == 403
    assert client.post(page, {"mailing_list": "weekly"}).status_code == 403


def test_nothing_is_given_on_get(client, weekly, page) -> None:
    client.force_login(somebody("marketer", username="anna"))
    assert not client.get(f"{page}?mailing_list=weekly&list=weekly").streaming


def test_who_may_export_the_people_of_one_newsletter_gets_nobody_else(client, weekly, page) -> None:
    ours = make_issue(suffix="ours").newsletter
    subscribe(ours.mailing_list, "ours@example.org")
    Segment.objects.create(
        slug="all", name="All", rule={"version": 1, "all": [{"field": "email", "contains": "@"}]}
    )
    client.force_login(somebody("marketer", at=ours))
    assert "&lt;b&gt;Weekly" not in client.get(page).text
    for given in ({"mailing_list": "weekly"}, {"segment": "all"}):
        answer = client.post(page, given)
        assert not answer.streaming
        assert "left@example.org" not in answer.text
    both = body(client.post(page, {"mailing_list": ours.mailing_list.slug, "segment": "all"}))
    assert [line.split(",")[0] for line in both.splitlines()[1:]] == ["ours@example.org"]


def test_only_some_columns_with_semicolons(client, weekly, page) -> None:
    client.force_login(somebody("marketer"))
    given = {"mailing_list": "weekly", "columns": ["email", "subscription.state"], "separator": "semicolon"}
    lines = body(client.post(page, given)).splitlines()
    assert lines[:2] == ["email;subscription.state", "a@example.org;active"]
    Segment.objects.create(slug="all", name="All", rule={"version": 1, "all": []})
    answer = client.post(page, {"segment": "all", "columns": ["subscription.state"]})
    assert "name the list too" in answer.text


def test_the_people_of_a_search_are_exported(client, weekly, page) -> None:
    client.force_login(somebody("marketer"))
    found = client.get("/staff/people/?q=left&list=weekly&state=unsubscribed")
    assert found.context["export_url"] in html.unescape(found.text)
    shown = client.get(found.context["export_url"])
    rule = shown.context["search"]
    assert "left" in shown.context["searched"]
    lines = body(client.post(page, {"mailing_list": "weekly", "rule": rule})).splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["left@example.org"]
    assert LogEntry.objects.get().change_message == "Exported 1 subscribers: list weekly, segment search"
    assert "cannot be read" in client.post(page, {"mailing_list": "weekly", "rule": "{"}).text


def test_how_many_there_are_is_told_before(client, weekly, page) -> None:
    client.force_login(somebody("marketer"))
    assert client.post(page, {"mailing_list": "weekly", "count": "1"}).text == "2 people."
    assert client.post(page, {"count": "1"}).text == "Choose a list, a segment, or both."
    assert not LogEntry.objects.exists()
