"""The report of a send on the staff site: who sees it, what it shows, and that it is counted again by a button alone."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from mailer.delivery.models import Send
from mailer.tracking.models import SendFigures
from mailer.tracking.reports.keep import count_and_keep
from subscribers.models import Segment
from tests.staff.test_steering_pages import HOSTILE, allow, anna
from tests.tracking.reports.sends import fold_these, followed_send

pytestmark = pytest.mark.django_db
__all__ = ["anna"]


def address(send: Send, page: str = "report") -> str:
    return reverse(f"admin:delivery_send_{page}", args=[send.pk])


def test_it_shows_what_was_counted_last_and_counts_again_when_asked(client: Client, anna: User) -> None:
    ledger = followed_send()
    assert address(ledger.send) in client.get(address(ledger.send, "change")).text
    assert "Not counted yet" in client.get(address(ledger.send)).text
    assert not SendFigures.objects.exists()
    assert client.get(address(ledger.send, "report_count")).status_code == 405
    shown = client.post(address(ledger.send, "report_count"), follow=True).text
    assert "57.1 %" in shown
    assert "Counted " in shown
    fold_these([ledger.event("open", 7)])
    assert "57.1 %" in client.get(address(ledger.send)).text
    assert "71.4 %" in client.post(address(ledger.send, "report_count"), follow=True).text


def test_it_comes_as_a_page_to_mail_and_as_csv(client: Client, anna: User) -> None:
    send = followed_send().send
    Send.objects.filter(pk=send.pk).update(paused_because=HOSTILE, paused_at=send.planned_at)
    assert client.get(address(send, "report_csv")).status_code == 302
    assert "not counted yet" not in client.get(address(send, "change")).text
    count_and_keep(send)
    page, table = client.get(address(send, "report_page")), client.get(address(send, "report_csv"))
    assert "attachment" in page["Content-Disposition"]
    assert "<form" not in page.text
    assert HOSTILE not in page.text
    assert table.text.startswith("\ufeffpart,")


@pytest.mark.parametrize("page", ["report", "report_page", "report_csv", "report_count"])
def test_who_may_not_see_sends_sees_no_report(client: Client, page: str) -> None:
    send = followed_send().send
    count_and_keep(send)
    ben = User.objects.create_user("ben", is_staff=True)
    allow(ben, "view_subscriber")
    client.force_login(ben)
    for answer in (client.get(address(send, page)), client.post(address(send, page))):
        assert answer.status_code in (403, 405)
        assert "57.1" not in answer.text


def test_a_count_from_elsewhere_is_refused(anna: User) -> None:
    send = followed_send().send
    client = Client(enforce_csrf_checks=True)
    client.force_login(anna)
    assert client.post(address(send, "report_count")).status_code == 403
    assert not SendFigures.objects.exists()


def test_the_eleventh_segment_in_reports_is_refused(admin_client: Client) -> None:
    rule = '{"version": 1, "field": "country", "is": "SG"}'
    form = {"name": "S", "rule": rule, "in_reports": "on"}
    add = reverse("admin:subscribers_segment_add")
    for number in range(10):
        assert admin_client.post(add, {**form, "slug": f"s{number}"}).status_code == 302
    refused = admin_client.post(add, {**form, "slug": "s10"})
    assert "reports show 10 segments already" in refused.text
    assert Segment.objects.filter(in_reports=True).count() == 10
