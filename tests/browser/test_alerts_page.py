"""The page of alerts in a real browser: on a phone and on a desk, by day and by night."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailer.tracking.alerts.watch import watch
from mailer.tracking.models import Alert
from tests.browser.chromium import PALE_TEXT, staff_page
from tests.tracking.ledger import make_send

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/staff/tracking/alert/"


def test_alerts_fit_and_can_be_read(live_server, session, tmp_path):
    make_send(submitted_at=timezone.now() - timedelta(hours=1))
    watch()
    ended = timezone.now() - timedelta(hours=2)
    Alert.objects.create(
        kind="suppressions_failing",
        subject="x" * 90,
        text="It failed.\n\nDo: wait.",
        began_at=ended - timedelta(hours=1),
        ended_at=ended,
    )
    for width, scheme in ((390, "dark"), (1280, "light")):
        with staff_page(live_server.url, session, width, scheme) as page:
            page.goto(live_server.url + PAGE)
            page.get_by_text("What was seen last").click()
            page.get_by_text("Do: wait.").wait_for()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(PALE_TEXT) == []
            page.screenshot(path=tmp_path / f"alerts-{width}-{scheme}.png", full_page=True)
            page.get_by_role("link", name="webhook is silent").click()
            page.get_by_text("What to do: at SendGrid").wait_for()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.screenshot(path=tmp_path / f"alert-{width}-{scheme}.png", full_page=True)
