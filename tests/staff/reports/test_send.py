"""The report of a send on the staff site: who sees it, what it shows, and that it is counted again by a button alone."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from mailer.delivery.models import Send
from mailer.tracking.models import SendFigures
from mailer.tracking.reports.keep import count_and_keep
from subscribers.models import Segment
from tests.roles import somebody
from tests.staff.test_steering_pages import HOSTILE, anna
from tests.tracking.reports.sends import fold_these, followed_send

pytestmark = pytest.mark.django_db
__all__ = ["anna"]


def address(send: Send, page: str = "report") -> str:
    return reverse(f"staff:{page}", args=[send.pk])


def test_it_shows_what_was_counted_last_and_counts_again_when_asked(client: Client, anna: User) -> None:
    ledger = followed_send()
    assert address(ledger.send) in client.get(address(ledger.send, "send"), follow=True).text
    assert "Not counted yet" in client.get(address(ledger.send)).text
    assert not SendFigures.objects.exists()
    assert client.get(address(ledger.send, "report-count")).status_code == 405
    shown = client.post(address(ledger.send, "report-count"), follow=True).text
    assert "57.1 %" in shown
    assert "Counted " in shown
    fold_these([ledger.event("open", 7)])
    assert "57.1 %" in client.get(address(ledger.send)).text
    assert "71.4 %" in client.post(address(ledger.send, "report-count"), follow=True).text


def test_it_comes_as_a_page_to_mail_and_as_csv(client: Client, anna: User) -> None:
    send = followed_send().send
    Send.objects.filter(pk=send.pk).update(paused_because=HOSTILE, paused_at=send.planned_at)
    assert client.get(address(send, "report-csv")).status_code == 302
    assert "not counted yet" not in client.get(address(send, "send")).text
    count_and_keep(send)
    page, table = client.get(address(send, "report-page")), client.get(address(send, "report-csv"))
    assert "attachment" in page["Content-Disposition"]
    for of_the_site in ("<form", "<a ", "<script", "stylesheet", "Skip to the content"):
        assert of_the_site in client.get(address(send)).text
        assert of_the_site not in page.text
    assert HOSTILE not in page.text
    assert table.text.startswith("\ufeffpart,")


@pytest.mark.parametrize("page", ["report", "report-page", "report-csv", "report-count"])
def test_who_may_not_see_sends_sees_no_report(client: Client, page: str) -> None:
    send = followed_send().send
    count_and_keep(send)
    client.force_login(somebody())
    for answer in (client.get(address(send, page)), client.post(address(send, page))):
        assert answer.status_code in (403, 405)
        assert "57.1" not in answer.text


def test_a_count_from_elsewhere_is_refused(anna: User) -> None:
    send = followed_send().send
    client = Client(enforce_csrf_checks=True)
    client.force_login(anna)
    assert client.post(address(send, "report-count")).status_code == 403
    assert not SendFigures.objects.exists()


def test_the_eleventh_segment_in_reports_is_refused(admin_client: Client) -> None:
    form = {"name": "S", "rule": {"version": 1, "field": "country", "is": "SG"}, "in_reports": True}
    create = reverse("staff:segment-create")
    for number in range(10):
        made = admin_client.post(create, {**form, "slug": f"s{number}"}, content_type="application/json")
        assert made.status_code == 201
    refused = admin_client.post(create, {**form, "slug": "s10"}, content_type="application/json")
    assert "reports show 10 segments already" in refused.text
    assert Segment.objects.filter(in_reports=True).count() == 10
