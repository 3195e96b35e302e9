"""Finding a person and reading what is known of them, in a real browser: on a phone and on a desk, by day and by night."""

import re

import pytest
from playwright.sync_api import expect

from subscribers.models import Subscriber, Suppression
from tests.browser.chromium import PALE_TEXT, UNLABELLED, barriers, staff_page
from tests.newsroom import subscribe
from tests.tracking.reports.sends import followed_send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_a_person_is_found_by_keyboard_and_read(live_server, session, width, scheme):
    ledger = followed_send()
    subscribe(ledger.send.mailing_list, *(f"reader{n}@{'long.' * 8}example.org" for n in range(30)))
    subscribe(ledger.send.mailing_list, "left@example.org", state="unsubscribed", first_name="Zoë <b>")
    Suppression.objects.create(address="left@example.org", reason="bounce")
    known = ledger.subscribers[0]
    Subscriber.objects.filter(pk=known.pk).update(attributes={"plan": "gold"}, country="SG")
    with staff_page(live_server.url, session, width, scheme) as page:
        page.goto(f"{live_server}/staff/people/")
        page.wait_for_function("document.querySelector('[x-cloak]') === null")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(PALE_TEXT) == []
        assert page.evaluate(UNLABELLED) == []
        assert barriers(page, ".desk") == []

        page.locator("h1, .desk").first.click(position={"x": 1, "y": 1})
        page.keyboard.press("/")
        page.keyboard.type("zoe")
        page.get_by_text("1 person").wait_for()
        expect(page).to_have_url(re.compile(r"q=zoe&list=&state=&topic=&suppressed=$"))
        expect(page.locator(".people .badge")).to_have_text(["suppressed", "Weekly: unsubscribed"])
        page.get_by_label("Suppressed").select_option("no")
        page.get_by_text("Nobody fits").wait_for()
        page.get_by_label("Suppressed").select_option("")
        page.get_by_label("Find people").fill("plan=gold")
        page.get_by_text("1 person").wait_for()
        page.get_by_text(known.email).wait_for()
        # What does not answer is told, and the old answer is not taken for a new one.
        page.context.set_offline(True)
        page.get_by_label("Find people").fill("plan=golden")
        page.get_by_text("the site does not answer").wait_for()
        page.context.set_offline(False)
        page.get_by_label("Find people").fill("plan=gold")
        expect(page.get_by_text("the site does not answer")).to_be_hidden()
        page.get_by_label("Find people").focus()
        searches: list[str] = []
        page.on("request", lambda request: searches.append(request.url))
        page.keyboard.press("ArrowDown")
        expect(page.locator(".people a").first).to_be_focused()
        assert searches == [], "leaving the box would search again, and take the place of what has the focus"
        page.keyboard.press("Enter")
        page.wait_for_url("**/facts/")

        page.wait_for_function("document.querySelector('[x-cloak]') === null")
        page.get_by_role("button", name="Why they got").first.click()
        page.locator(".why [role=status]").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(PALE_TEXT) == []
        assert barriers(page, ".desk") == []
