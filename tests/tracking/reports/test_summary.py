"""The owner gets a summary a day after an issue, once, where that is wished."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from mailer.delivery.models import Notice, Send, Submission
from mailer.delivery.notices import mail_notices
from mailer.delivery.submit import sendgrid
from mailer.tracking.reports.summary import summarise
from tests.inbox import Inbox
from tests.tracking.ledger import Ledger, make_send
from tests.tracking.reports.sends import HOSTILE, followed_send


def old_send(hours: float = 25, *, wished: bool = True, ledger: Ledger | None = None) -> Ledger:
    """A send whose first request left so many hours ago."""
    ledger = ledger or make_send(1)
    at = timezone.now() - timedelta(hours=hours)
    Send.objects.filter(pk=ledger.send.pk).update(started_at=at)
    Submission.objects.filter(pk=ledger.submission.pk).update(started_at=at)
    newsletter = ledger.send.issue.newsletter
    newsletter.owner_email, newsletter.report_by_mail = "owner@example.com", wished
    newsletter.save()
    return ledger


@pytest.mark.django_db
def test_it_says_the_main_figures_and_where_all_of_them_are(inbox: Inbox) -> None:
    ledger = old_send(ledger=followed_send())
    ledger.send.issue.subject = HOSTILE
    ledger.send.issue.save()
    assert summarise() == 1
    assert summarise() == 0
    assert mail_notices(sendgrid()) == 1
    assert mail_notices(sendgrid()) == 0
    (mail,) = inbox.messages(full=True)
    assert mail["to"] == "owner@example.com"
    assert "a day later" in mail["subject"]
    assert "Opened: 57.1 % (4 of 7 delivered)" in mail["text"]
    assert "no issue before it" in mail["text"]
    assert f"/staff/reports/{ledger.send.pk}/" in mail["text"]
    assert "57.1 %" in mail["html"]
    assert "<script>" not in mail["html"]


@pytest.mark.django_db
@pytest.mark.parametrize("hours", [23, 73])
def test_it_is_not_written_before_a_day_or_after_three(hours: float) -> None:
    old_send(hours)
    assert summarise() == 0


@pytest.mark.django_db
def test_welcomes_later_sends_and_newsletters_that_do_not_wish_it_have_none() -> None:
    old_send(wished=False)
    welcome, first, later = old_send(), old_send(), old_send()
    Send.objects.filter(pk=welcome.send.pk).update(rolling=True)
    Send.objects.filter(pk=later.send.pk).update(previous=first.send)
    assert summarise() == 1
    assert Notice.objects.get().send == first.send


@pytest.mark.django_db(transaction=True)
def test_of_two_that_write_it_at_once_one_does() -> None:
    old_send()

    def write(_: int) -> int:
        try:
            return summarise()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(write, range(2))) == 1
    assert Notice.objects.count() == 1
