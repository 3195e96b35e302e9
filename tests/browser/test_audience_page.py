"""Whom a send goes to, on its page and in its report, in a real browser: on a phone and on a desk, by day and by night."""

import pytest
from playwright.sync_api import expect

from mailer.delivery.audience import read_audience
from mailer.delivery.models import Send
from mailer.delivery.plan import plan
from mailer.delivery.start import send_of, start
from mailer.tracking.reports.count import report
from mailer.tracking.reports.page import render
from subscribers.models import Subscriber
from subscribers.segments.saving import save
from tests.browser.chromium import PALE_TEXT, staff_page
from tests.newsroom import crowd, make_issue

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "Asia <b>and</b> " + "w" * 120
SENTENCE = f"those in “{NAME}” (in Singapore), but not in “Staff” (domain is “example.com”)"


@pytest.fixture
def send() -> Send:
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, 30)
    Subscriber.objects.update(country="SG")
    save("asia", {"version": 1, "all": [{"field": "country", "is": "SG"}]}, name=NAME)
    save("staff", {"version": 1, "all": [{"field": "domain", "is": "example.com"}]}, name="Staff")
    send = send_of(issue, audience=read_audience(["asia"], ["staff"]))
    plan(send)
    start(send)
    return send


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_page_and_report_say_whom_a_send_goes_to(live_server, session, send, tmp_path, width, scheme):
    written = tmp_path / "report.html"
    written.write_text(render(report(send)), "utf-8")
    with staff_page(live_server.url, session, width, scheme) as page:
        page.goto(f"{live_server}/staff/sends/{send.pk}/")
        page.wait_for_function("document.querySelector('[x-cloak]') === null")
        expect(page.get_by_text(SENTENCE)).to_be_visible()
        assert page.evaluate("document.querySelector('.desk').scrollWidth") <= width
        assert page.evaluate(PALE_TEXT) == []
        page.goto(written.as_uri())
        expect(page.get_by_text(SENTENCE)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
