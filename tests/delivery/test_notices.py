"""What the owner of a newsletter is told by mail: once, with a link, and never at the cost of a second mail."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from mailer.delivery.models import Notice, Submission
from mailer.delivery.notices import ATTEMPTS, STALE, mail_notices, notify, pause_and_tell
from mailer.delivery.submit import sendgrid, submit
from mailer.issues.models import Newsletter
from tests.delivery.settled import become
from tests.delivery.test_submit import one_batch

pytestmark = pytest.mark.django_db
OWNER = "owner@example.org"


@pytest.fixture
def send():
    send, _ = one_batch()
    Newsletter.objects.update(owner_email=OWNER, name="China\nDigest")
    return send


def after(minutes: float):
    return timezone.now() + timedelta(minutes=minutes)


def test_a_notice_is_mailed_once_from_the_newsletters_sender(inbox, send, settings):
    notify(send.pk, "guard", "24 of 310 answered are hard bounces.")
    assert mail_notices(sendgrid()) == 1
    assert mail_notices(sendgrid()) == 0
    (message,) = inbox.messages(full=True)
    assert message["to"] == OWNER
    assert message["subject"] == f"[China Digest] send {send.pk} has paused itself"
    assert message["from"] == "weekly@news.example.com"
    assert "24 of 310 answered are hard bounces." in message["text"]
    assert f"{settings.PUBLIC_URL}/staff/sends/{send.pk}/" in message["text"]
    assert message["html"] is None
    notice = Notice.objects.get()
    assert (notice.mailed_at is not None, notice.attempts) == (True, 1)


def test_its_events_are_about_no_submission(inbox, send):
    notify(send.pk, "winner", "Variant 1 is better.")
    mail_notices(sendgrid())
    (message,) = inbox.messages(full=True)
    assert message["custom_args"] == {"mailer_notice": str(Notice.objects.get().pk)}
    assert message["categories"] == ["notice"]
    assert inbox.summary()["messages"] == 1
    assert not Submission.objects.exists()


def test_without_an_owner_it_is_only_shown(inbox, send):
    Newsletter.objects.update(owner_email="")
    notify(send.pk, "guard", "x")
    assert mail_notices(sendgrid()) == 0
    assert inbox.messages() == []
    assert Notice.objects.get().attempts == 0


def test_what_came_with_the_last_request_pauses_nothing_and_is_told_once(send):
    become(send.batches, "rejected")
    assert not pause_and_tell(send.pk, "refused", "SendGrid rejects the issue.")
    assert not pause_and_tell(send.pk, "refused", "SendGrid rejects the issue.")
    assert [notice.text for notice in send.notices.all()] == ["SendGrid rejects the issue."]
    send.refresh_from_db()
    assert send.paused_at is None


def test_an_owner_who_comes_later_is_not_told_of_long_ago(inbox, send):
    notify(send.pk, "guard", "x")
    Notice.objects.update(created_at=timezone.now() - STALE)
    assert mail_notices(sendgrid()) == 0
    assert inbox.messages() == []


def test_what_sendgrid_did_not_take_is_tried_again_later_and_later_and_then_given_up(inbox, send):
    notify(send.pk, "guard", "x")
    inbox.fail("rate_limit", count=99)
    for attempt, wait in enumerate(ATTEMPTS):
        early = wait.total_seconds() / 60 - 0.5
        assert mail_notices(sendgrid(), after(early)) == 0
        assert Notice.objects.get().attempts == attempt
        assert mail_notices(sendgrid(), after(early + 1)) == 0
        assert Notice.objects.get().attempts == attempt + 1
    inbox.recover()
    assert mail_notices(sendgrid(), after(300)) == 0
    assert inbox.messages() == []
    assert Notice.objects.get().mailed_at is None


def test_what_is_tried_again_arrives_once(inbox, send):
    notify(send.pk, "guard", "x")
    inbox.fail("rate_limit", count=1)
    assert mail_notices(sendgrid()) == 0
    assert mail_notices(sendgrid(), after(2)) == 1
    assert mail_notices(sendgrid(), after(10)) == 0
    assert inbox.addresses() == [OWNER]


@pytest.mark.parametrize(("fault", "arrived"), [("reset_after", 1), ("server_error", 0)])
def test_what_may_have_arrived_is_never_mailed_again(inbox, send, fault, arrived):
    notify(send.pk, "guard", "x")
    inbox.fail(fault, count=1)
    mail_notices(sendgrid())
    assert mail_notices(sendgrid(), after(10)) == 0
    assert len(inbox.messages()) == arrived


def test_one_that_cannot_be_mailed_holds_up_no_other(inbox, send):
    notify(send.pk, "guard", "first")
    other, _ = one_batch()
    Newsletter.objects.filter(issues__sends=send).update(from_email="no address")
    Newsletter.objects.filter(issues__sends=other).update(owner_email="other@example.org")
    notify(other.pk, "guard", "second")
    assert mail_notices(sendgrid()) == 1
    assert inbox.addresses() == ["other@example.org"]
    assert mail_notices(sendgrid(), after(30)) == 0


def test_a_notice_does_not_disturb_the_ledger(inbox):
    send, batch = one_batch()
    Newsletter.objects.update(owner_email=OWNER)
    notify(send.pk, "guard", "x")
    submit(batch.pk)
    mail_notices(sendgrid())
    assert Submission.objects.get().size == 3
    assert len(inbox.messages()) == 4


@pytest.mark.django_db(transaction=True)
def test_two_who_mail_at_once_mail_one(inbox, send):
    notify(send.pk, "guard", "x")
    together = Barrier(3)

    def mail() -> int:
        try:
            together.wait()
            return mail_notices(sendgrid())
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert sum(future.result() for future in [pool.submit(mail) for _ in range(3)]) == 1
    assert inbox.addresses() == [OWNER]


def test_one_about_a_newsletter_has_subject_page_and_html_of_its_own(inbox, send, settings):
    newsletter = Newsletter.objects.get(issues__sends=send)
    html = "<p>62 % opened</p>"
    notify(
        None, "report", "62 % opened", newsletter_id=newsletter.pk, subject="What\nbecame of it", html=html,
        page="/staff/tracking/alert/7/change/",
    )  # fmt: skip
    assert mail_notices(sendgrid()) == 1
    (message,) = inbox.messages(full=True)
    assert message["subject"] == "What became of it"
    assert f"More: {settings.PUBLIC_URL}/staff/tracking/alert/7/change/" in message["text"]
    assert html in message["html"]


def test_one_about_a_newsletter_needs_neither_subject_nor_page(inbox, send):
    notify(None, "alert", "x", newsletter_id=Newsletter.objects.get(issues__sends=send).pk)
    mail_notices(sendgrid())
    (message,) = inbox.messages(full=True)
    assert message["subject"] == "[China Digest] China Digest needs attention"
    assert "http" not in message["text"]
