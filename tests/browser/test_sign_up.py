"""Signing up in a real browser, without JavaScript: the form, its errors, a form on another site, confirming."""

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import expect

from mailer.issues.models import Newsletter
from subscribers.models import Consent, PendingSignUp, Subscription, Topic
from subscribers.sign_up.embed import embeddable
from subscribers.sign_up.wording import reword
from tests.browser.chromium import PALE_PUBLIC_TEXT, browser_page, on_screens
from tests.subscribers.signing_up import link, open_form, post

pytestmark = pytest.mark.django_db(transaction=True)
NAMELESS = """() => [...document.querySelectorAll("input:not([type=hidden]), select")]
    .filter(i => !i.labels.length && !i.closest("[hidden]")).map(i => i.name)"""


@pytest.fixture
def weekly():
    cache.clear()
    for name in ("AI", "Policy", "Travel " + "and a very long explanation of it " * 2):
        Topic.objects.create(slug=name[:6].lower().strip(), name=name)
    mailing_list = open_form(
        sign_up_intro="What happened in the world of payments,\nevery Monday.",
        sign_up_asks=["name", "topics", "cadence", "language"],
        sign_up_fields=[
            {"key": "company", "label": "Company", "type": "text", "required": True},
            {
                "key": "size",
                "label": "Size of your company",
                "type": "choice",
                "choices": ["1–10", "more " + "x" * 80],
            },
            {"key": "since", "label": "Customer since", "type": "date"},
        ],
    )
    reword(mailing_list, "I want the Weekly by email.\n\nI can leave at any time, by the link in every mail.")
    Newsletter.objects.create(
        slug="weekly",
        name="The Weekly",
        tagline="Payments, explained",
        mailing_list=mailing_list,
        language="en",
        colour="#0f5c6e",
        from_name="Us",
        from_email="us@example.org",
        postal_address="1 Raffles Place\nSingapore 048616",
    )
    return mailing_list


@contextmanager
def another_site(html):
    """A page of somebody else's, at an origin of its own."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(b'<link rel="icon" href="data:,">' + html.encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_reader_signs_up_and_confirms(live_server, weekly, width):
    with browser_page(width) as page:
        page.goto(f"{live_server}/s/weekly")
        page.get_by_label("Email address").fill("anna@example.org")
        page.get_by_label("First name").fill("Anna")
        page.get_by_label("Company *").fill("Example Ltd")
        page.get_by_label("Policy").check()
        page.get_by_label("Every second issue").check()
        page.get_by_role("button", name="Sign up").click()
        expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    url = link()
    with browser_page(width) as page:
        page.goto(f"{live_server}{url}")
        page.get_by_role("button", name="Confirm my subscription").click()
        expect(page.get_by_role("heading", name="You are subscribed")).to_be_visible()
        page.goto(f"{live_server}{url}")
        expect(page.get_by_role("heading", name="Confirmed already")).to_be_visible()
    subscription = Subscription.objects.select_related("subscriber").get()
    assert (subscription.state, subscription.cadence) == ("active", "second")
    assert subscription.subscriber.first_name == "Anna"
    assert subscription.subscriber.topic_ids == [Topic.objects.get(slug="policy").pk]


@pytest.mark.parametrize("width", [390, 1280])
def test_errors_stand_at_their_fields_and_what_was_typed_stays(live_server, weekly, width):
    with browser_page(width) as page:
        page.goto(f"{live_server}/s/weekly")
        page.get_by_label("Email address").fill("anna@")
        page.get_by_label("First name").fill("Anna")
        page.get_by_role("button", name="Sign up").click()
        expect(page.get_by_role("alert")).to_contain_text("Not sent yet")
        focused = page.locator(":focus")
        expect(focused).to_have_attribute("name", "email")
        expect(focused).to_have_value("anna@")
        error = page.locator(f"#{focused.get_attribute('aria-describedby')}")
        expect(error).to_contain_text("This is not an email address")
        expect(page.get_by_label("First name")).to_have_value("Anna")
        page.complaints.clear()  # the browser notes that the answer was 422
    assert not Subscription.objects.exists()


def test_a_reader_signs_up_with_the_keyboard_alone(live_server, weekly):
    with browser_page(390) as page:
        page.goto(f"{live_server}/s/weekly")
        page.keyboard.press("Tab")
        expect(page.locator(":focus-visible")).to_have_attribute("name", "email")
        page.keyboard.type("anna@gmial.com")
        page.get_by_label("Company *").focus()
        page.keyboard.type("Example Ltd")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Yes, sign up").wait_for()
        expect(page.locator(":focus")).to_have_text("Yes, sign up anna@gmail.com")
        page.keyboard.press("Tab")
        expect(page.locator(":focus-visible")).to_have_text("No, anna@gmial.com is right")
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Look into your mailbox").wait_for()
    assert Subscription.objects.get().subscriber.email == "anna@gmail.com"


def test_a_form_on_another_site_signs_up(live_server, weekly, settings):
    settings.PUBLIC_URL = live_server.url
    with another_site(embeddable(weekly)) as site, browser_page(390) as page:
        page.goto(site)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.evaluate(PALE_PUBLIC_TEXT) == []
        assert page.evaluate(NAMELESS) == []
        expect(page.locator("[name=website]")).not_to_be_visible()
        page.get_by_label("Email address").fill("anna@example.org")
        page.get_by_label("Company *").fill("Example Ltd")
        page.get_by_label("Once a month").check()
        page.get_by_role("button", name="Sign up").click()
        expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    assert PendingSignUp.objects.get().chosen["cadence"] == "monthly"
    assert Consent.objects.get().source == f"form on {site}"


def test_a_page_of_the_organisations_own_is_reached_from_the_form(live_server, weekly):
    with another_site("<h1>Thank you</h1>") as site:
        weekly.sign_up_next = f"{site}/thanks"
        weekly.save()
        with browser_page() as page:
            page.goto(f"{live_server}/s/weekly")
            page.get_by_label("Email address").fill("anna@example.org")
            page.get_by_label("Company *").fill("Example Ltd")
            page.get_by_role("button", name="Sign up").click()
            expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


def test_pages_fit_their_screen_and_can_be_read(live_server, weekly):
    post(Client(), field_company="Example Ltd")
    url = link()
    with browser_page(scripts=True) as page:
        for path in ("/s/weekly", "/s/weekly/sent", url):
            page.goto(f"{live_server}{path}")
            for width in on_screens(page, 320, 1280):
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                assert page.evaluate(PALE_PUBLIC_TEXT) == []
            assert page.evaluate(NAMELESS) == []
