"""The report of a newsletter and a person's timeline in a real browser: on a phone and on a desk, by day and by night."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from mailer.tracking.newsletter.keep import count_and_keep
from tests.browser.chromium import PALE_TEXT, staff_page
from tests.tracking.newsletter.plain import Reader, Record
from tests.tracking.newsletter.world import NOW, make_newsletter, write_down

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "Everything-that-happened-in-payments-" * 4
PALE_PAGE = PALE_TEXT.replace(".desk *", "#content *")


@pytest.fixture
def newsletter():
    """A year of people who come and go, and long names."""
    newsletter = make_newsletter(13)
    newsletter.name = LONG
    newsletter.save()
    readers = []
    for n in range(40):
        joined = NOW - timedelta(days=9 * n, hours=n)
        records = [
            Record(joined, "signed_up", "form", {"network": "192.0.2.0/24"}),
            Record(joined + timedelta(hours=1), "confirmed", "confirmation page"),
            *([Record(joined + timedelta(days=40), "left")] if n % 5 == 4 else []),
        ]
        state = "unsubscribed" if n % 5 == 4 else "active"
        opened = frozenset(range(1 + n % 4, 13, 1 + n % 6)) if n % 3 else frozenset()
        readers.append(Reader(records, state, sent=frozenset(range(1, 13 - n % 11)), opened=opened))
    numbers = write_down(readers[:25], newsletter, domain="example.org")
    write_down(readers[25:], newsletter, domain=f"{'long-' * 9}name.example.org")
    count_and_keep(newsletter)
    return newsletter, numbers[0]


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_the_pages_fit_their_screen_and_can_be_read(live_server, session, newsletter, width, scheme):
    publication, person = newsletter
    with staff_page(live_server.url, session, width, scheme) as page:
        page.goto(f"{live_server}/staff/reports/newsletters/{publication.pk}/")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        expect(page.get_by_role("button", name="Count again")).to_be_visible()
        assert page.evaluate(PALE_PAGE) == []
        page.goto(f"{live_server}/staff/subscribers/subscriber/{person}/timeline/")
        page.wait_for_function("document.querySelector('[x-cloak]') === null")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        expect(page.get_by_text("By a program:").first).to_be_attached()
        assert page.evaluate(PALE_TEXT) == []
