"""The page of a segment in a real browser: on a phone and on a desk, by day and by night."""

import re

import pytest
from playwright.sync_api import expect

from subscribers.models import Segment, Subscriber
from subscribers.segments.saving import save
from tests.browser.chromium import PALE_TEXT, staff_page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _people():
    Subscriber.objects.bulk_create(
        Subscriber(email=f"{'long.' * 8}reader{n}@example.org", first_name="Mei", country="SG")
        for n in range(12)
    )


def test_a_person_makes_a_segment_and_mends_its_rule(live_server, session):
    with staff_page(live_server.url, session, width=390) as page:
        page.goto(f"{live_server}/staff/segments/new/")
        page.get_by_label("Name", exact=True).fill("Asia")
        page.get_by_role("button", name="JSON").click()
        rule = page.get_by_label("The same rule as JSON")
        rule.fill('{"version": 1, "all": [{"field": "country", "is": ')
        page.get_by_text("This is no JSON yet").wait_for()
        rule.fill('{"version": 1, "all": [{"field": "country", "is": "Narnia"}]}')
        page.get_by_text("all[0].is: no country is called").wait_for()
        page.get_by_role("button", name="Save").click()
        page.get_by_text("One condition is wrong or not complete").wait_for()
        rule.fill('{"version": 1, "all": [{"field": "country", "is": "SG"}]}')
        page.get_by_text("12 people").wait_for()
        page.get_by_role("button", name="Save").click()
        page.wait_for_url(re.compile(r"/staff/segments/\d+/$"))
        page.get_by_text("In Singapore.", exact=True).wait_for()
        page.get_by_text("12 people").wait_for()
        expect(page.locator("[data-part=examples] li")).to_have_count(10)
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
        page.goto(f"{live_server}/staff/segments/{segment.pk}/")
        page.get_by_text("12 people").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.querySelector('.desk').scrollWidth") <= width
        assert page.evaluate(PALE_TEXT) == []
