"""What somebody may not see through a send, and what no text may do to its pages."""

import pytest
from django.urls import reverse

from mailer.delivery.plan import plan
from mailer.delivery.start import send_of
from mailer.issues.models import Newsletter
from subscribers.models import MailingList
from tests.newsroom import make_issue, subscribe
from tests.roles import somebody

pytestmark = pytest.mark.django_db
NUL = "a\0b@example.org"


@pytest.mark.parametrize("name", ["sent-people", "sent-why"])
def test_who_came_after_the_list_was_changed_does_not_see_the_people_of_the_old_one(client, name):
    issue = make_issue()
    subscribe(issue.newsletter.mailing_list, "anna@example.org")
    send = send_of(issue)
    plan(send)
    address = reverse(f"staff:{name}", args=[send.pk])
    client.force_login(somebody("editor", at=issue.newsletter))
    assert client.get(address, {"group": "recipients"}).status_code == 200
    Newsletter.objects.update(mailing_list=MailingList.objects.create(slug="new", name="New"))
    answer = client.get(address, {"group": "recipients", "address": "anna@example.org"})
    assert answer.status_code == 403
    figures = client.get(reverse("staff:send-figures", args=[send.pk]))
    assert figures.status_code == 200
    assert name not in figures.text
    assert reverse("staff:sent-people", args=[send.pk]) not in figures.text


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("test-people", {"person": NUL}),
        ("send-why", {"address": NUL}),
        ("send-people", {"group": NUL}),
        ("send-forecast", {"when": "at", "at": NUL, "zone": NUL}),
        ("send-forecast", {"ab": "1", "subject": NUL, "preheader": NUL}),
        ("send-forecast", {"when": "at", "at": "2040-01-01T08:00", "zone": "../../etc/passwd"}),
        ("send-forecast", {"when": "at", "at": "2040-01-01T08:00", "zone": NUL}),
    ],
)
def test_no_text_in_an_address_breaks_a_page(client, name, given):
    issue = make_issue()
    client.force_login(somebody("administrator"))
    assert client.get(reverse(f"staff:{name}", args=[issue.pk]), given).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        {"to": "typed", "addresses": NUL},
        {"to": "typed", "addresses": "a@example.org\r\nBcc:b@example.org"},
        {"to": "typed", "addresses": "a@example.org", "as": "person", "person": NUL},
    ],
)
def test_no_text_makes_a_test_mail_of_another_kind(client, inbox, given):
    issue = make_issue()
    client.force_login(somebody("administrator"))
    answer = client.post(reverse("staff:test-send", args=[issue.pk]), given, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert inbox.addresses() == []


def test_no_name_of_a_picture_breaks_its_address(client):
    assert client.get("/media/images/%00.png").status_code == 404
