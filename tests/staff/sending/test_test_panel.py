"""The panel for test mails, and the page of test lists."""

import pytest
from django.contrib.admin.models import LogEntry
from django.core.cache import cache
from django.urls import reverse

from mailer.delivery import models
from mailer.delivery.testing import limit
from tests.newsroom import make_issue, subscribe
from tests.roles import somebody

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def issue():
    cache.clear()
    return make_issue()


@pytest.fixture
def editor(client, issue):
    editor = somebody("editor", at=issue.newsletter)
    editor.email = "editor@example.org"
    editor.save()
    client.force_login(editor)
    return editor


def sent(client, issue, **fields):
    return client.post(reverse("staff:test-send", args=[issue.pk]), fields, headers={"HX-Request": "true"})


def test_it_goes_to_oneself_and_is_kept_without_an_address(client, inbox, issue, editor):
    answer = sent(client, issue, to="me")
    assert "SendGrid accepted the test" in answer.text
    assert inbox.addresses() == ["editor@example.org"]
    assert (
        LogEntry.objects.get().change_message
        == "Sent a test as an example reader sees it to 1 address: accepted."
    )


def test_it_goes_to_a_list_as_a_person_of_the_list_sees_it(client, inbox, issue, editor):
    subscribe(issue.newsletter.mailing_list, "anna@example.org", first_name="Anna")
    kept = models.TestList.objects.create(
        newsletter=issue.newsletter, name="Team", addresses=["a@example.org"]
    )
    answer = sent(client, issue, to="list", list=kept.pk, **{"as": "person"}, person="ANNA@example.org")
    assert "accepted" in answer.text
    [message] = inbox.messages(full=True)
    assert (message["to"], message["subject"]) == ("a@example.org", "[Test] Anna, your week")


def test_nobody_is_looked_at_whom_one_may_not_see(client, inbox, issue, editor):
    other = make_issue()
    subscribe(other.newsletter.mailing_list, "ben@example.org")
    answer = sent(client, issue, to="me", **{"as": "person"}, person="ben@example.org")
    assert "Nobody on the list" in answer.text
    theirs = models.TestList.objects.create(
        newsletter=other.newsletter, name="Theirs", addresses=["t@example.org"]
    )
    assert "Choose a test list" in sent(client, issue, to="list", list=theirs.pk).text
    assert inbox.messages() == []


def test_people_are_offered_by_a_part_of_their_name(client, issue, editor):
    subscribe(issue.newsletter.mailing_list, "anna@example.org", first_name=HOSTILE)
    text = client.get(reverse("staff:test-people", args=[issue.pk]), {"person": "anna"}).text
    assert '<option value="anna@example.org">' in text
    assert HOSTILE not in text


def test_what_is_wrong_is_said_and_what_was_typed_stays(client, inbox, issue, editor, monkeypatch):
    assert "is no e-mail address" in sent(client, issue, to="typed", addresses="nobody").text
    assert 'value="nobody"' in sent(client, issue, to="typed", addresses="nobody").text
    monkeypatch.setattr(limit, "MOST", 0)
    assert "go on in" in sent(client, issue, to="me").text
    assert inbox.messages() == []


def test_only_editors_and_approvers_send_tests(client, issue):
    client.force_login(somebody("reader", at=issue.newsletter))
    assert "Your role sends no test mails" in client.get(reverse("staff:test-panel", args=[issue.pk])).text
    assert sent(client, issue, to="typed", addresses="a@example.org").status_code == 403


def test_lists_are_made_changed_and_deleted(client, issue, editor):
    page = reverse("staff:test-lists", args=[issue.newsletter_id])
    keep = reverse("staff:test-list-keep", args=[issue.newsletter_id])
    assert "A new list" in client.get(page).text
    text = client.post(keep, {"name": "Team", "addresses": "a@example.org nobody"}).text
    assert "nobody is no e-mail address" in text
    client.post(keep, {"name": "Team", "addresses": "a@example.org\nb@example.org"})
    kept = models.TestList.objects.get()
    client.post(keep, {"number": kept.pk, "name": "The team", "addresses": "b@example.org"})
    kept.refresh_from_db()
    assert (kept.name, kept.addresses) == ("The team", ["b@example.org"])
    client.post(reverse("staff:test-list-delete", args=[issue.newsletter_id]), {"number": kept.pk})
    assert not models.TestList.objects.exists()
    assert [entry.action_flag for entry in LogEntry.objects.order_by("id")] == [1, 2, 3]


def test_a_reader_sees_lists_without_their_addresses(client, issue):
    models.TestList.objects.create(newsletter=issue.newsletter, name="Team", addresses=["a@example.org"])
    client.force_login(somebody("reader", at=issue.newsletter))
    text = client.get(reverse("staff:test-lists", args=[issue.newsletter_id])).text
    assert "Team" in text
    assert "a@example.org" not in text
    keep = reverse("staff:test-list-keep", args=[issue.newsletter_id])
    assert client.post(keep, {"name": "X", "addresses": "x@example.org"}).status_code == 403
