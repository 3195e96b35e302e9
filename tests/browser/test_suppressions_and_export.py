"""Taking an address off the suppressions, exporting a list, and searching people, in a real browser: on a phone and on a
desk, by day and by night."""

import os

import pytest
from playwright.sync_api import Page, expect

from subscribers.models import Lifting, MailingList, Segment, Suppression
from tests.browser.chromium import PALE_TEXT, staff_page
from tests.newsroom import subscribe

pytestmark = pytest.mark.django_db(transaction=True)
SUPPRESSIONS = "/staff/suppressions/"
SHOTS = os.environ.get("SCREENSHOTS")
"""A folder in which to leave pictures of the pages, to be looked at."""


def looks_right(page: Page, name: str) -> None:
    """Nothing hangs over the side, and all text can be read."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate(PALE_TEXT) == []


@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")]
)
def test_an_address_is_taken_off_the_suppressions(live_server, session, width, scheme) -> None:
    row = Suppression.objects.create(
        address="back@example.org", reason="bounce", detail="550 5.1.1 no such user"
    )
    with staff_page(live_server.url, session, width, scheme) as page:
        page.goto(f"{live_server}{SUPPRESSIONS}")
        page.get_by_role("link", name=f"Take {row.address} off").click()
        page.get_by_label("Why?").wait_for()
        looks_right(page, f"lift-{width}-{scheme}")
        page.get_by_label("Why?").fill("wrote on 3 May that the mailbox works again")
        page.get_by_role("button", name="Take off the suppressions").click()
        page.get_by_text("Taken off.").wait_for()
    assert not Suppression.objects.filter(pk=row.pk).exists()
    assert Lifting.objects.get().because == "wrote on 3 May that the mailbox works again"


def test_after_a_complaint_there_is_no_button(live_server, session) -> None:
    row = Suppression.objects.create(address="angry@example.org", reason="complaint")
    with staff_page(live_server.url, session, 390) as page:
        page.goto(f"{live_server}{SUPPRESSIONS}")
        page.get_by_text("never taken off").wait_for()
        expect(page.get_by_role("link", name=f"Take {row.address} off")).to_have_count(0)
        page.goto(f"{live_server}/staff/subscribers/suppression/{row.pk}/lift/")
        page.get_by_text("That is never lifted").wait_for()
        expect(page.get_by_role("button", name="Take off the suppressions")).to_have_count(0)
        looks_right(page, "lift-complaint")


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_a_list_is_exported(live_server, session, width, scheme, tmp_path) -> None:
    weekly = MailingList.objects.create(slug="weekly", name="Weekly")
    Segment.objects.create(slug="all", name="Everybody", rule={"version": 1, "all": []})
    subscribe(weekly, *(f"reader{number}@example.org" for number in range(2_500)))
    subscribe(weekly, "left@example.org", state="unsubscribed")
    with staff_page(live_server.url, session, width, scheme) as page:
        page.goto(f"{live_server}/staff/lists/")
        page.get_by_role("link", name="Export Weekly").click()
        expect(page.get_by_label("Mailing list")).to_have_value("weekly")
        page.get_by_label("active", exact=True).check()
        looks_right(page, f"export-{width}-{scheme}")
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Export").click()
        waiting.value.save_as(tmp_path / "weekly.csv")
    lines = (tmp_path / "weekly.csv").read_text("utf-8-sig").splitlines()
    assert len(lines) == 1 + 2_500
    assert not any("left@" in line for line in lines)


@pytest.mark.parametrize("width", [390, 1280])
def test_people_are_found_by_any_part(live_server, session, width) -> None:
    weekly = MailingList.objects.create(slug="weekly", name="Weekly")
    subscribe(weekly, "anna.schmidt@example.org", "hannah@example.org", first_name="José")
    subscribe(weekly, "other@example.org")
    with staff_page(live_server.url, session, width) as page:
        for text, found in (("nna", 2), ("jose", 2), ("a.sch", 1), ("nobody", 0)):
            page.goto(f"{live_server}/staff/subscribers/subscriber/?q={text}")
            expect(page.locator("#result_list tbody tr")).to_have_count(found)
