"""The page of a segment in a real browser: on a phone and on a desk, by day and by night."""

import pytest

from subscribers.models import Segment, Subscriber
from subscribers.segments.saving import save
from tests.browser.test_public_pages import CHROMIUM
from tests.browser.test_settle_page import PALE_TEXT, session, staff_page

__all__ = ["session"]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        CHROMIUM is None, reason="needs Debian's Chromium: install it with `apt install chromium`"
    ),
]


@pytest.fixture(autouse=True)
def _people():
    Subscriber.objects.bulk_create(
        Subscriber(email=f"{'long.' * 8}reader{n}@example.org", first_name="Mei", country="SG")
        for n in range(12)
    )


def test_a_person_makes_a_segment_and_mends_its_rule(live_server, session):
    with staff_page(live_server.url, session, width=390) as page:
        page.goto(f"{live_server}/staff/subscribers/segment/add/")
        page.get_by_label("Name", exact=False).first.fill("Asia")
        page.get_by_label("Rule").fill('{"version": 1, "all": [{"field": "country", "is": "Narnia"}]}')
        page.get_by_role("button", name="Save and continue").click()
        page.get_by_text("all[0].is: no country is called").wait_for()
        page.get_by_label("Rule").fill('{"version": 1, "all": [{"field": "country", "is": "SG"}]}')
        page.get_by_role("button", name="Save and continue").click()
        page.get_by_text("in Singapore", exact=True).wait_for()
        assert page.get_by_text("12 people").is_visible()
        assert page.locator(".desk li").count() == 10
    assert Segment.objects.get().slug == "asia"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_its_screen_and_can_be_read(live_server, session, width, scheme):
    rule = {
        "version": 1,
        "all": [{"field": "country", "is": "SG"}, {"none": [{"field": "domain", "is": "x" * 200}]}],
    }
    segment, _ = save("asia", rule, name="Asia")
    with staff_page(live_server.url, session, width, scheme) as page:
        page.goto(f"{live_server}/staff/subscribers/segment/{segment.pk}/change/")
        page.wait_for_function("document.querySelector('[x-cloak]') === null")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.querySelector('.desk').scrollWidth") <= width
        assert page.evaluate(PALE_TEXT) == []
