"""The page that sends: what it shows while one changes things, and that it goes out as it was confirmed, once."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from mailer.delivery.models import Send
from mailer.issues.models import Issue, Newsletter
from subscribers.models import Segment
from tests.newsroom import crowd, make_issue, subscribe
from tests.roles import somebody

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def issue() -> Issue:
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, 3, topics=["ai"])
    return issue


@pytest.fixture
def editor(issue, client):
    editor = somebody("editor", at=issue.newsletter)
    client.force_login(editor)
    return editor


def address(name: str, issue: Issue) -> str:
    return reverse(f"staff:{name}", args=[issue.pk])


def confirmed(client: Client, issue: Issue, **fields: object) -> dict[str, object]:
    """What the confirmation page posts."""
    text = client.get(address("send-confirm", issue), {"when": "now", **fields}).text
    form = text[text.index("send/go/") :]
    pairs = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    given: dict[str, object] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)  # type: ignore[attr-defined]
    return given


def test_it_says_how_many_get_it_who_does_not_and_why(client, editor, issue):
    subscribe(issue.newsletter.mailing_list, "left@example.org", state="unsubscribed")
    text = client.get(address("send-forecast", issue), {"when": "now"}).text
    assert "<b>3</b> people get it" in text
    assert "of 4 on the list" in text
    assert "left the list" in text
    assert "example.org" in text
    assert "Ada, your week" in text
    assert not Send.objects.exists()


def test_the_people_behind_a_number_are_told_and_why_somebody_gets_it(client, editor, issue):
    subscribe(issue.newsletter.mailing_list, "left@example.org", state="unsubscribed")
    text = client.get(address("send-people", issue), {"when": "now", "group": "unsubscribed"}).text
    assert "left@example.org" in text
    assert "1 to 1 of 1" in text
    text = client.get(address("send-why", issue), {"when": "now", "address": "LEFT@example.org"}).text
    assert "left the list" in text


def test_who_is_on_other_lists_is_not_told(client, editor, issue):
    subscribe(make_issue().newsletter.mailing_list, "ben@example.org")
    for typed in ("ben@example.org", "nobody@example.org", f"{HOSTILE}@example.org", "\0"):
        text = client.get(address("send-why", issue), {"when": "now", "address": typed}).text
        assert "Nobody whom you may see" in text
        assert HOSTILE not in text
    client.force_login(somebody("editor"))
    text = client.get(address("send-why", issue), {"when": "now", "address": "ben@example.org"}).text
    assert "is not on the list" in text


def test_what_no_database_keeps_is_no_fault(client, editor, issue):
    assert "no segment" in client.get(address("send-forecast", issue), {"when": "now", "in": "a\0b"}).text
    assert client.post(address("approval-ask", issue), {"note": "a\0b"}).status_code == 302
    assert issue.approvals.get().note == "ab"


def test_segments_cut_the_audience_and_a_wrong_one_is_named(client, editor, issue):
    subscribe(issue.newsletter.mailing_list, "anna@example.org")
    Segment.objects.create(
        slug="anna",
        name=HOSTILE,
        rule={"version": 1, "all": [{"field": "email", "is": "anna@example.org"}]},
    )
    text = client.get(address("send-forecast", issue), {"when": "now", "in": "anna"}).text
    assert "<b>1</b> person gets it" in text
    assert HOSTILE not in text
    answer = client.get(address("send-forecast", issue), {"when": "now", "in": "nobody"})
    assert "There is no segment" in answer.text
    assert answer.headers["HX-Retarget"] == "#forecast-trouble"
    assert HOSTILE not in client.get(address("send-page", issue)).text


def test_what_cannot_be_is_said_in_words(client, editor, issue):
    for fields, said in (
        ({"when": "at", "at": "2020-03-02T08:00", "zone": "Asia/Singapore"}, "is over in Asia/Singapore"),
        ({"when": "local", "at": "soon"}, "is not a date and time"),
        ({"when": "local", "at": ""}, "Choose the day and the time"),
        ({"when": "now", "ab": "1", "subject": "", "preheader": ""}, "has 2 to 4 variants"),
        ({"when": "now", "ab": "1", "subject": "B", "preheader": "", "share": "many"}, "no whole number"),
    ):
        assert said in client.get(address("send-forecast", issue), fields).text
    Issue.objects.update(call_to_action_label="Only a label")
    assert "call to action" in client.get(address("send-forecast", issue), {"when": "now"}).text


def test_it_goes_out_as_it_was_confirmed_once(client, editor, issue, inbox):
    given = confirmed(client, issue)
    assert given["recipients"] == ["3"]
    first = client.post(address("send-go", issue), given)
    again = client.post(address("send-go", issue), given)
    send = Send.objects.get()
    assert first.url == again.url == reverse("staff:send", args=[send.pk])
    assert send.started_by == editor
    assert [entry.change_message for entry in LogEntry.objects.all()] == ["Started the send to 3 people."]


def test_a_second_editor_who_confirms_something_else_changes_nothing(client, editor, issue, inbox):
    other = Client()
    other.force_login(somebody("editor", at=issue.newsletter))
    theirs = confirmed(other, issue, when="local", at="2040-03-02T08:00")
    client.post(address("send-go", issue), confirmed(client, issue))
    answer = other.post(address("send-go", issue), theirs, follow=True)
    assert "was started already" in answer.text
    assert Send.objects.get().started_by == editor
    assert Send.objects.get().local_date is None


def test_it_stops_and_shows_it_where_something_changed_meanwhile(client, editor, issue):
    given = confirmed(client, issue)
    subscribe(issue.newsletter.mailing_list, "new@example.org")
    answer = client.post(address("send-go", issue), given)
    assert answer.status_code == 409
    assert "4 people would get it now, and you confirmed 3" in answer.text
    assert not Send.objects.exists()
    given = confirmed(client, issue)
    Issue.objects.update(intro="Other words")
    answer = client.post(address("send-go", issue), given)
    assert "were changed while you looked" in answer.text
    assert not Send.objects.exists()


def test_nobody_sends_what_was_not_confirmed(client, editor, issue):
    answer = client.post(address("send-go", issue), {"when": "now", "recipients": "3", "fingerprint": ""})
    assert answer.status_code == 409
    assert not Send.objects.exists()


def test_a_moment_and_a_test_of_subjects_are_kept_as_they_were_confirmed(client, editor, issue, inbox):
    crowd(issue.newsletter.mailing_list, 40)
    given = confirmed(
        client,
        issue,
        when="at",
        at="2040-03-02T08:00",
        zone="Asia/Singapore",
        ab="1",
        subject=["Another", ""],
        preheader=["", ""],
        share="50",
        minutes="60",
    )
    answer = client.post(address("send-go", issue), given, follow=True)
    assert "It is scheduled" in answer.text
    send = Send.objects.get()
    assert send.scheduled_at.isoformat() == "2040-03-02T00:00:00+00:00"
    assert (send.test_share, send.test_minutes) == (50, 60)
    assert [each.subject for each in send.variants.all()][1] == "Another"
    assert "It waits until 02 Mar 2040" in answer.text


def test_after_it_was_sent_it_goes_to_those_who_have_not_got_it(client, editor, issue, inbox):
    client.post(address("send-go", issue), confirmed(client, issue))
    Send.objects.get().batches.update(state="cancelled")
    text = client.get(address("send-page", issue)).text
    assert "was started" in text
    assert 'name="again"' in text
    given = confirmed(client, issue, again="1")
    client.post(address("send-go", issue), given)
    assert Send.objects.count() == 2


def test_where_it_needs_approval_it_is_asked_for_as_it_is_arranged(client, editor, issue, inbox):
    Newsletter.objects.update(needs_approval=True)
    approver = somebody("approver", at=issue.newsletter)
    arranged = {"when": "now", "ab": "1", "subject": "Another", "preheader": "Look", "share": "50"}
    text = client.get(address("send-forecast", issue), arranged).text
    assert "waits for approval" in text
    assert approver.username in text
    seen = re.search(r'name="seen" value="(\w+)"', text)[1]
    client.post(address("approval-ask", issue), {**arranged, "seen": seen, "note": "for Monday"})
    assert Send.objects.get().test_share == 50
    other = Client()
    other.force_login(approver)
    page = other.get(address("approval", issue)).text
    assert "for Monday" in page
    asked = issue.approvals.get()
    other.post(
        address("approval-answer", issue),
        {"approval": asked.pk, "seen": re.search(r'name="seen" value="(\w+)"', page)[1], "answer": "approve"},
    )
    asked.refresh_from_db()
    assert asked.answered_by == approver
    client.post(address("send-go", issue), confirmed(client, issue, **arranged))
    assert Send.objects.get().started_by == editor
    text = client.get(reverse("staff:send", args=[Send.objects.get().pk])).text
    assert f"by <bdi>{approver}</bdi>" in text


def test_it_does_not_go_out_without_it(client, editor, issue):
    given = confirmed(client, issue)
    Newsletter.objects.update(needs_approval=True)
    answer = client.post(address("send-go", issue), given, follow=True)
    assert "wants an approval" in answer.text
    assert not Send.objects.exists()


@pytest.mark.parametrize("name", ["send-page", "send-forecast", "send-people", "send-why", "send-confirm"])
def test_only_who_may_send_this_newsletter_sees_it(client, issue, name):
    client.force_login(somebody("reader", at=issue.newsletter))
    assert client.get(address(name, issue)).status_code == 403
    client.force_login(somebody("editor", at=make_issue().newsletter))
    assert client.get(address(name, issue)).status_code == 403


def test_a_look_writes_nothing_and_sends_nothing(client, editor, issue):
    assert client.get(address("send-go", issue)).status_code == 405
    for name in ("send-page", "send-forecast", "send-confirm", "approval", "approval-panel", "test-panel"):
        assert client.get(address(name, issue), {"when": "now"}).status_code == 200
    assert not Send.objects.exists()
    assert not LogEntry.objects.exists()
