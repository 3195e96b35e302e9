"""Mailing lists, their sign-up forms, suppressions and exports in a real browser: on a desk and on a phone, by day and by
night."""

import re

import pytest
from playwright.sync_api import Page, expect

from subscribers.models import MailingList, Suppression
from tests.browser.chromium import PALE_TEXT, UNLABELLED, barriers, staff_page
from tests.newsroom import make_issue, subscribe

pytestmark = pytest.mark.django_db(transaction=True)
SCREENS = [(1280, "light"), (390, "dark")]


def fits(page: Page, width: int) -> None:
    """Nothing hangs over the side, all text can be read, and every field says what it is."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(PALE_TEXT) == []
    assert page.evaluate(UNLABELLED) == []
    assert barriers(page, ".desk") == []


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_a_form_is_made_seen_and_copied(live_server, session, width, scheme):
    weekly = make_issue().newsletter.mailing_list
    subscribe(weekly, *(f"reader{n}@example.org" for n in range(12)))
    with staff_page(live_server.url, session, width, scheme) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.goto(f"{live_server}/staff/lists/")
        page.locator(".tally li", has_text=re.compile(r"^\s*12\s*active\s*$")).wait_for()
        fits(page, width)
        page.get_by_role("link", name=re.compile("^Sign-up form of")).click()
        page.get_by_label("Open: people can sign up").check()
        page.get_by_label("What people agree to").fill("I agree to get it every Monday.")
        page.get_by_label("Label").fill("Size of your company")
        page.get_by_label("Attribute").fill("size")
        page.get_by_label("Type").select_option("choice")
        page.get_by_label("Choices").fill("small, large")
        shown = page.frame_locator("iframe[title='The form on a site']")
        shown.get_by_label("Size of your company").wait_for()
        expect(shown.get_by_text("I agree to get it every Monday.")).to_be_visible()
        page.get_by_role("button", name="Add a field").click()
        expect(page.get_by_label("Label")).to_have_count(2)
        page.get_by_role("button", name="Remove").last.click()
        page.get_by_role("button", name="Save the form").click()
        page.get_by_text("The form is saved.").wait_for()
        fits(page, width)
        page.get_by_role("button", name="Copy HTML").click()
        page.get_by_role("button", name="Copied").wait_for()
        assert '<form method="post"' in page.evaluate("navigator.clipboard.readText()")
    assert MailingList.objects.get().sign_up_fields[0]["choices"] == ["small", "large"]


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_addresses_are_suppressed_and_found(live_server, session, width, scheme):
    Suppression.objects.create(
        address=f"{'long.' * 8}reader@example.org",
        reason="bounce",
        detail="550 5.1.1 no such user",
        origin="provider",
    )
    Suppression.objects.create(address="angry@example.org", reason="complaint")
    with staff_page(live_server.url, session, width, scheme) as page:
        page.goto(f"{live_server}/staff/suppressions/")
        fits(page, width)
        page.get_by_role("link", name="Add addresses").click()
        page.get_by_label("Addresses").fill("one@example.org\nno address\n")
        page.get_by_label("Note for the record").fill("wrote on 3 May")
        page.get_by_role("button", name="Suppress", exact=True).click()
        page.get_by_text("1 address suppressed.").wait_for()
        expect(page.get_by_label("Addresses")).to_have_value("no address")
        fits(page, width)
        page.get_by_label("Addresses").fill("two@example.org")
        page.get_by_role("button", name="Suppress", exact=True).click()
        page.get_by_label("Address", exact=True).fill("long.")
        page.get_by_role("button", name="Find").click()
        page.get_by_text("550 5.1.1 no such user").wait_for()
        expect(page.get_by_text("two@example.org")).to_have_count(0)
        with page.expect_download() as download:
            page.get_by_role("button", name="CSV").click()
        assert "reader@example.org,bounce" in download.value.path().read_text("utf-8-sig")


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_who_is_exported_is_counted_before(live_server, session, width, scheme):
    weekly = make_issue().newsletter.mailing_list
    subscribe(weekly, *(f"reader{n}@example.org" for n in range(12)))
    with staff_page(live_server.url, session, width, scheme) as page:
        page.goto(f"{live_server}/staff/subscribers/mailinglist/export/?list={weekly.slug}")
        page.get_by_role("button", name="How many?").click()
        page.get_by_text("12 people.").wait_for()
        page.get_by_text("Only some columns").click()
        page.get_by_label("email", exact=True).check()
        fits(page, width)
        with page.expect_download() as download:
            page.get_by_role("button", name="Export", exact=True).click()
        assert download.value.path().read_text("utf-8-sig").splitlines()[:2] == [
            "email",
            "reader0@example.org",
        ]
