"""The list of suppressions, what is entered there, and the file of it."""

import csv

import pytest
from django.contrib.admin.models import LogEntry

from subscribers.models import Suppression
from tests.newsroom import make_issue
from tests.roles import somebody

pytestmark = pytest.mark.django_db
LIST, ADD, CSV = "/staff/suppressions/", "/staff/suppressions/add/", "/staff/suppressions/csv/"


@pytest.fixture
def marketer(client):
    client.force_login(somebody("marketer"))
    return client


def test_addresses_are_found_by_a_part_a_reason_and_where_they_come_from(marketer):
    Suppression.objects.create(
        address="anna@example.org", reason="bounce", detail="<i>550</i>", origin="provider"
    )
    Suppression.objects.create(address="bo@example.org", reason="complaint")
    for asked, there, not_there in (
        ("?q=ANNA", "anna@example.org", "bo@example.org"),
        ("?reason=complaint", "bo@example.org", "anna@example.org"),
        ("?origin=provider", "anna@example.org", "bo@example.org"),
        ("?reason=nonsense&before=x", "bo@example.org", "nonsense"),
    ):
        page = marketer.get(LIST + asked).text
        assert there in page
        assert not_there not in page
    page = marketer.get(LIST).text
    assert "&lt;i&gt;550" in page
    assert "never taken off" in page
    assert "No suppressed address fits" in marketer.get(LIST + "?q=nobody%00").text


def test_many_are_shown_page_by_page(marketer):
    Suppression.objects.bulk_create(
        Suppression(address=f"n{n:03}@example.org", reason="manual") for n in range(60)
    )
    first = marketer.get(LIST)
    assert "n059@" in first.text
    assert "n009@" not in first.text
    second = marketer.get(f"{LIST}?before={first.context['older']}").text
    assert "n009@" in second
    assert "n010@" not in second


def test_pasted_addresses_are_suppressed_and_what_is_none_stays_on_the_page(marketer):
    Suppression.objects.create(address="known@example.org", reason="manual")
    typed = "Anna@Example.org,\n\nanna@example.org\nknown@example.org\n<b>no address\n"
    answer = marketer.post(ADD, {"addresses": typed, "reason": "manual", "detail": "wrote on 3 May"})
    assert answer.status_code == 422
    assert "1 address suppressed. 2 had that suppression before." in answer.text
    assert "&lt;b&gt;no address</textarea>" in answer.text
    assert Suppression.objects.get(address="anna@example.org").detail == "wrote on 3 May"
    assert "anna" not in LogEntry.objects.get().object_repr
    answer = marketer.post(
        ADD, {"addresses": "new@example.org, two@example.org; ", "reason": "complaint"}, follow=True
    )
    assert "2 addresses suppressed." in answer.text


@pytest.mark.parametrize(
    ("addresses", "reason", "told"),
    [
        (" \n, ", "manual", "Write at least one address"),
        ("\n".join(f"a{n}@example.org" for n in range(1001)), "manual", "1,000 at most"),
        ("a@example.org", "because", "Select a valid choice"),
    ],
)
def test_what_cannot_be_taken_is_told(marketer, addresses, reason, told):
    answer = marketer.post(ADD, {"addresses": addresses, "reason": reason})
    assert answer.status_code == 422
    assert told in answer.text
    assert not Suppression.objects.exists()


def test_the_file_holds_what_the_search_names_and_is_recorded(marketer):
    Suppression.objects.create(address="anna@example.org", reason="bounce", detail="=cmd")
    Suppression.objects.create(address="bo@example.org", reason="manual")
    answer = marketer.post(CSV, {"reason": "bounce"})
    rows = list(csv.reader(b"".join(answer).decode("utf-8-sig").splitlines()))
    assert rows[0] == ["address", "reason", "detail", "origin", "since"]
    assert rows[1][:4] == ["anna@example.org", "bounce", "'=cmd", "here"]
    assert len(rows) == 2
    assert LogEntry.objects.get().change_message == "Exported 1 suppressions with reason=bounce."
    b"".join(marketer.post(CSV, {"q": "anna@", "reason": "bounce", "origin": "here"}))
    said = LogEntry.objects.order_by("-pk")[0]
    assert said.change_message == "Exported 1 suppressions with reason=bounce&origin=here."
    assert (said.object_id, said.object_repr) == (None, "suppressions")


def test_who_has_a_role_at_one_newsletter_alone_sees_none(client):
    Suppression.objects.create(address="anna@example.org", reason="bounce")
    client.force_login(somebody("marketer", at=make_issue().newsletter))
    assert client.get(LIST).status_code == 403
    client.force_login(somebody("editor"))
    assert client.get(LIST).status_code == 200
    assert client.post(CSV).status_code == 403
    assert client.post(ADD, {"addresses": "a@example.org", "reason": "manual"}).status_code == 403
