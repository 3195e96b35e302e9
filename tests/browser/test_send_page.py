"""From the page that sends to the page that shows it go, in a real browser: by an editor and an approver, on a phone and
on a desk, by day and by night."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from playwright.sync_api import expect

from mailer.delivery.models import Batch, Send
from mailer.delivery.plan import plan
from mailer.delivery.start import send_of, start
from mailer.delivery.submit import submit
from mailer.delivery.variants import ABTest
from mailer.issues.models import Issue, Newsletter
from subscribers.models import Segment
from tests.browser.chromium import PALE_TEXT, UNLABELLED, barriers, signed_in, staff_page
from tests.newsroom import crowd, make_issue, subscribe
from tests.roles import somebody

pytestmark = pytest.mark.django_db(transaction=True)
RULE = {"version": 1, "all": [{"field": "country", "is_any_of": ["SG"]}]}


@pytest.fixture
def issue() -> Issue:
    """An issue for 60 people with topics of their own, of whom one left, and two segments that could cut them."""
    issue = make_issue(subject="Tea, bridges and 一个很长的标题 for {{ subscriber.first_name or 'you' }}")
    audience = issue.newsletter.mailing_list
    crowd(audience, 40, topics=["ai"])
    crowd(audience, 20)
    subscribe(audience, "left@example.org", state="unsubscribed")
    Segment.objects.create(slug="singapore", name="Singapore", rule=RULE)
    Segment.objects.create(slug="staff", name="Our staff", rule=RULE)
    return issue


def beside(act, *arguments):
    """Do something in another thread: in this one the browser's loop runs, beside which the ORM cannot be used."""

    def work():
        try:
            return act(*arguments)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def accept_some(count: int) -> None:
    """Let so many batches go out."""
    for number in Batch.objects.filter(state="waiting").order_by("id").values_list("pk", flat=True)[:count]:
        submit(number)


def test_an_editor_asks_another_person_approves_and_it_goes_out(live_server, inbox, issue):
    Newsletter.objects.update(needs_approval=True)
    editor = signed_in(somebody("editor", at=issue.newsletter, username="edith"))
    approver = signed_in(somebody("approver", at=issue.newsletter, username="abel"))
    with staff_page(live_server.url, editor) as page:
        page.goto(f"{live_server}/staff/issues/{issue.pk}/send/")
        page.get_by_text("60 people get it").first.wait_for()
        page.get_by_role("button", name="left the list").click()
        page.get_by_text("left@example.org").wait_for()
        expect(page.get_by_role("heading", name="Left the list")).to_be_focused()
        page.get_by_label("Why does somebody get it").fill("left@example.org")
        page.get_by_role("button", name="Tell me").click()
        page.locator("#why").get_by_text("left the list").wait_for()
        page.get_by_role("combobox", name="But nobody in any of these").fill("sta")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.get_by_text("everybody but those in “Our staff”").wait_for()
        page.get_by_role("button", name="Take out Our staff").click()
        page.get_by_text("everybody but those in").wait_for(state="detached")
        page.get_by_label("A word to whoever answers").first.fill("For Monday")
        page.locator("#forecast").get_by_role("button", name="Ask for approval").click()
        page.get_by_text("somebody else has to answer").first.wait_for()
    with staff_page(live_server.url, approver) as page:
        page.goto(f"{live_server}/staff/issues/{issue.pk}/approval/")
        page.get_by_text("60 people get it").first.wait_for()
        page.frame_locator("iframe.mail").get_by_text("News about policy").first.wait_for()
        page.get_by_role("button", name="Approve exactly this").click()
        page.get_by_text("it may go out as it is now").wait_for()
    with staff_page(live_server.url, editor) as page:
        page.goto(f"{live_server}/staff/issues/{issue.pk}/send/")
        page.get_by_role("button", name="Review and send").click()
        page.get_by_text("What went out cannot be taken back").wait_for()
        expect(page.locator(".inbox-line")).to_contain_text("for Ada")
        page.get_by_role("button", name="Send it to 60 people").dblclick()
        page.get_by_text("61 candidates = 1 excluded + 60 waiting").wait_for()
        beside(accept_some, 1)
        page.get_by_text("0 unknown").first.wait_for()
        page.locator(".sum", has_text="+ 0 accepted").wait_for(state="detached")
        page.get_by_label("Why pause?").fill("wrong picture")
        page.get_by_role("button", name="Pause").click()
        page.get_by_text("Paused by edith: wrong picture").wait_for()
        page.get_by_role("button", name="Resume").click()
        beside(accept_some, 10)
        page.get_by_text("+ 60 accepted +").wait_for()
        page.wait_for_function("!document.querySelector('#moving').hasAttribute('hx-get')")
        page.get_by_text("by abel").wait_for()
    assert Send.objects.count() == 1
    assert len(inbox.messages()) == 60


def test_a_page_that_is_watched_says_when_its_session_ended(live_server, session, issue):
    send = send_of(issue)
    plan(send)
    start(send)
    with staff_page(live_server.url, session) as page:
        page.goto(f"{live_server}/staff/sends/{send.pk}/")
        page.get_by_text("60 waiting").first.wait_for()
        page.context.clear_cookies()
        page.get_by_text("You are signed out").wait_for()
        expect(page.get_by_text("60 waiting").first).to_be_visible()


def test_a_test_mail_is_sent_from_the_page(live_server, inbox, issue):
    editor = somebody("editor", at=issue.newsletter)
    editor.email = "editor@example.org"
    editor.save()
    with staff_page(live_server.url, signed_in(editor), width=390) as page:
        page.goto(f"{live_server}/staff/issues/{issue.pk}/send/")
        page.get_by_label("Somebody interested in some topics").check()
        page.get_by_label("Policy").check()
        page.get_by_role("button", name="Send the test").click()
        page.get_by_text("SendGrid accepted the test").wait_for()
    [message] = inbox.messages(full=True)
    assert message["subject"].startswith("[Test] Tea")
    assert "News about ai" not in message["text"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_pages_fit_their_screen_and_can_be_read_by_everybody(live_server, session, issue, width, scheme):
    Newsletter.objects.update(needs_approval=True, hourly_ceiling=50_000)
    other = make_issue()
    crowd(other.newsletter.mailing_list, 40)
    send = send_of(other, test=ABTest((("Another subject", "Look inside"),), share=50))
    plan(send)
    start(send)
    pages = {
        f"/staff/issues/{issue.pk}/send/?when=local&at=2040-03-02T08:00&ab=1&subject=B&preheader=b&out=staff": "60 people",
        f"/staff/issues/{issue.pk}/send/confirm/?when=now": "60 people",
        f"/staff/issues/{issue.pk}/approval/": "60 people",
        f"/staff/newsletters/{issue.newsletter_id}/test-lists/": "A new list",
        f"/staff/sends/{send.pk}/": "Beside|Mailboxes at",
    }
    with staff_page(live_server.url, session, width, scheme) as page:
        for path, shown in pages.items():
            page.goto(f"{live_server}{path}")
            page.get_by_text(shown.partition("|")[2] or shown).first.wait_for()
            page.wait_for_function("document.querySelector('[x-cloak]') === null")
            page.wait_for_function("document.querySelectorAll('.htmx-request').length === 0")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert page.evaluate(PALE_TEXT) == [], path
            assert page.evaluate(UNLABELLED) == [], path
            assert barriers(page, ".desk") == [], path
