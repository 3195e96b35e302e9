"""The list of issues and the page of a version, at phone and desktop width, light and dark."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from mailer.delivery.models import Send
from mailer.issues.editing.rows import document_of
from mailer.issues.editing.save import Wanted, save
from mailer.issues.models import Issue
from tests.browser.chromium import PALE_TEXT, UNLABELLED, barriers, staff_page
from tests.newsroom import make_issue

pytestmark = pytest.mark.django_db(transaction=True)


def a_newsroom():
    """Two newsletters: one with drafts and issues that went out, one without any."""
    first = make_issue(suffix="list", intro="Dear all, the fee rises in May.")
    newsletter = first.newsletter
    for number in range(2, 9):
        Issue.objects.create(
            newsletter=newsletter,
            number=number,
            date=first.date + timedelta(7 * (number - 1)),
            subject=f'{{{{ subscriber.first_name or "Hello" }}}}, what week {number} was about, at some length',
        )
    moment = timezone.now()
    for number, fields in {
        2: {"started_at": moment},
        3: {"started_at": moment, "cancelled_at": moment},
        8: {},
    }.items():
        Send.objects.create(
            issue=newsletter.issues.get(number=number),
            mailing_list=newsletter.mailing_list,
            planned_at=moment,
            candidates=0,
            **fields,
        )
    empty = make_issue(suffix="none").newsletter
    empty.issues.all().delete()
    type(empty).objects.filter(pk=empty.pk).update(name="The Monthly")
    document = document_of(first)
    one, two, three = document.stories
    changed = replace(
        document,
        intro="Dear all, the fee falls in early May.",
        stories=(
            three,
            replace(one, body="Something else happened in ai."),
            replace(two, id="new-1", headline="New"),
        ),
    )
    save(first.pk, Wanted(1, changed), User.objects.get(username="anna"))
    return first


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_issues_are_listed_begun_and_compared(live_server, session, width, scheme):
    issue = a_newsroom()

    def sound(page):
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(PALE_TEXT) == []
        assert page.evaluate(UNLABELLED) == []
        assert barriers(page, within=".desk") == []

    with staff_page(live_server.url, session, width, scheme) as page:
        page.goto(f"{live_server.url}/staff/issues/")
        shelf = page.locator(".sheet", has=page.get_by_role("heading", name="The Weekly"))
        expect(shelf.locator(".lines li")).to_have_count(4 + 2)
        expect(page.get_by_text("Planned, not started")).to_be_visible()
        expect(page.get_by_text("No issue yet.")).to_be_visible()
        sound(page)
        page.get_by_role("link", name="All 8 issues").click()
        expect(page.locator(".lines li")).to_have_count(8)
        sound(page)
        page.get_by_label("Find an issue").fill("week 4")
        page.keyboard.press("Enter")
        page.wait_for_url("**q=week**")
        expect(page.locator(".lines li")).to_have_count(1)
        page.goto(f"{live_server.url}/staff/issues/{issue.pk}/versions/2/")
        expect(page.locator("ins", has_text="falls")).to_be_visible()
        expect(page.get_by_text("Moved from 3 to 1")).to_be_visible()
        sound(page)
        page.goto(f"{live_server.url}/staff/issues/{issue.pk}/versions/1/?against=2")
        page.get_by_role("button", name="Restore this version").click()
        page.wait_for_url(f"**/staff/issues/{issue.pk}/")
    issue.refresh_from_db()
    assert (issue.revision, issue.intro) == (3, "Dear all, the fee rises in May.")
