"""The pages that steer a send and settle what is unknown, in a real browser: on a phone and on a desk, by day and by
night."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from mailer.delivery.claim import claim
from mailer.delivery.models import Batch, Delivery, Send, Submission
from mailer.delivery.notices import notify
from mailer.delivery.plan import plan
from mailer.delivery.progress import progress
from mailer.delivery.settle import accept, claim_limit, expire_claims
from mailer.delivery.start import send_of
from mailer.delivery.steer import pause
from mailer.delivery.variants import ABTest
from tests.browser.chromium import PALE_TEXT, staff_page
from tests.newsroom import crowd, make_issue

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/staff/delivery/submission/unknown/"


@pytest.fixture
def send() -> Send:
    """A paused send with an A/B test, a notice, and one request of its test unknown."""
    issue = make_issue(subject="Tea, bridges and 一个很长的标题 " + "and what follows from them " * 4)
    crowd(issue.newsletter.mailing_list, 60)
    send = send_of(issue, test=ABTest((("Another subject", "Look inside"),), share=50))
    plan(send)
    Send.objects.update(started_at=timezone.now())
    claim(Batch.objects.filter(in_test=True).order_by("id")[0].pk)
    expire_claims(timezone.now() + claim_limit() + timedelta(seconds=1))
    some = Delivery.objects.values_list("subscriber_id", flat=True)[:20]
    Delivery.objects.filter(subscriber__in=list(some)).update(
        delivered_at=timezone.now(), clicked_at=timezone.now()
    )
    why = "24 of 310 answered are hard bounces, addresses that are dead, 7.74 %; it pauses at 5.00 %."
    pause(send.pk, why)
    notify(send.pk, "guard", why)
    return send


def test_a_person_settles_what_is_unknown(live_server, session, send):
    size = Submission.objects.get().size
    with staff_page(live_server.url, session) as page:
        page.goto(f"{live_server}/staff/sends/{send.pk}/")
        page.get_by_role("link", name=f"{size} unknown").click()
        page.get_by_role("link", name="Decide").click()
        page.get_by_label("Send again.").check()
        page.get_by_label("How do you know?").fill("Support says it never came")
        page.get_by_role("button", name="Decide").click()
        expect(page.get_by_role("alert")).to_contain_text(f"may reach {size} people twice")
        page.get_by_label("how many people").fill(str(size))
        page.get_by_role("button", name="Decide").click()
        page.get_by_text("It goes again when the send is resumed.").wait_for()
        page.get_by_text("No submission is unknown.").wait_for()
    submission = Submission.objects.get()
    assert (submission.outcome, submission.decided_by) == ("not_accepted", "anna")
    assert progress(send).unknown == 0


def test_evidence_that_comes_while_a_person_thinks_wins(live_server, session, send):
    submission = Submission.objects.get()
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    assert client.get(f"{LIST}{submission.pk}/").status_code == 200
    accept([submission.pk], "event")
    with staff_page(live_server.url, session) as page:
        page.goto(f"{live_server}{LIST}{submission.pk}/")
        page.get_by_text("It is not unknown any more: Accepted, settled by event").wait_for()
    submission.refresh_from_db()
    assert (submission.outcome, submission.decided_by) == ("accepted", "")


def test_a_person_resumes_pauses_and_cancels(live_server, session, send):
    with staff_page(live_server.url, session, width=390) as page:
        page.goto(f"{live_server}/staff/sends/{send.pk}/")
        page.get_by_role("button", name="Resume").click()
        page.get_by_text("It goes on.").wait_for()
        page.get_by_label("Why pause?").fill("wrong picture")
        page.get_by_role("button", name="Pause").click()
        page.get_by_text("Paused by anna: wrong picture").wait_for()
        page.get_by_text("Cancel the rest for good").click()
        page.get_by_label("Why?", exact=True).fill("wrong issue")
        page.get_by_role("button", name="Cancel the send").click()
        expect(page.get_by_text("Cancelled for good."), "the box is not ticked").not_to_be_visible()
        page.get_by_label("It is for good").check()
        page.get_by_role("button", name="Cancel the send").click()
        page.get_by_text("Cancelled for good.").wait_for()
    send.refresh_from_db()
    assert send.cancelled_because == "Cancelled by anna: wrong issue"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_pages_fit_their_screen_and_can_be_read(live_server, session, send, width, scheme):
    pages = (f"/staff/sends/{send.pk}/", LIST, f"{LIST}{Submission.objects.get().pk}/")
    with staff_page(live_server.url, session, width, scheme) as page:
        for path in pages:
            page.goto(f"{live_server}{path}")
            page.wait_for_function("document.querySelector('[x-cloak]') === null")
            assert page.evaluate("document.querySelector('.desk').scrollWidth") <= width
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate("document.documentElement.classList.contains('dark')") == (scheme == "dark")
            assert page.evaluate(PALE_TEXT) == []
            unlabelled = "[...document.querySelectorAll('.desk :is(input:not([type=hidden]), textarea)')].filter(i => !i.labels.length).length"
            assert page.evaluate(unlabelled) == 0
