"""An export of Mailchimp, from the upload to the undoing, in a real browser: on a desk and on a phone, by day and by night."""

import re
import threading
from collections.abc import Iterator

import pytest
from django.db import connection
from playwright.sync_api import expect

from subscribers.importing import dry_run, steer
from subscribers.models import MailingList, Subscriber, Subscription
from subscribers.tasks import import_file, try_out_import, undo_import
from tests.browser.chromium import PALE_TEXT, UNLABELLED, barriers, staff_page
from tests.staff.imports.files import left, subscribed, zipped

pytestmark = pytest.mark.django_db(transaction=True)
NIGHT = "night => document.documentElement.classList.toggle('dark', night)"
"""What django-unfold does when somebody chooses day or night."""
LOOKS = 0.05
"""Seconds between two looks of the worker."""


@pytest.fixture
def _worker() -> Iterator[None]:
    """What a worker does, in a thread of this process."""
    over = threading.Event()

    def work() -> None:
        try:
            while not over.wait(LOOKS):
                for due, task in (
                    (dry_run.due, try_out_import),
                    (steer.due, import_file),
                    (steer.to_undo, undo_import),
                ):
                    for number in due():
                        task(number)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.mark.usefixtures("_worker")
def test_a_mailchimp_export_is_uploaded_tried_out_imported_and_undone(live_server, session, tmp_path):
    weekly = MailingList.objects.create(slug="weekly", name="Weekly")
    archive = tmp_path / "audience.zip"
    archive.write_bytes(zipped({"subscribed_1.csv": subscribed(), "unsubscribed_1.csv": left()}))

    with staff_page(live_server.url, session) as page:

        def fits() -> None:
            for width, scheme in ((390, "dark"), (1280, "light")):
                page.set_viewport_size({"width": width, "height": 900})
                page.evaluate(NIGHT, scheme == "dark")
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                assert page.evaluate(PALE_TEXT) == []
            assert page.evaluate(UNLABELLED) == []
            assert barriers(page, ".desk") == []

        page.goto(f"{live_server}/staff/imports/")
        page.get_by_role("link", name="Import subscribers").first.click()
        page.get_by_label("File").set_input_files(archive)
        page.get_by_text("audience.zip (").wait_for()
        fits()
        page.get_by_label("Mailing list").select_option("Weekly")
        page.get_by_role("button", name="Upload").click()

        page.get_by_text("Mailchimp audience export").wait_for()
        page.get_by_label("Firma means").select_option("Attribute …")
        page.get_by_label("Its name").locator("visible=true").fill("company")
        fits()
        page.get_by_role("button", name="Try it out").click()

        page.get_by_role("heading", name="What would happen").wait_for()
        expect(page.get_by_text("not an email address").first).to_be_visible()
        fits()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download refused rows").click()
        assert "6,not an email address" in download.value.path().read_text("utf-8-sig")
        page.get_by_role("link", name="Back to the columns").click()
        expect(page.get_by_label("Its name").locator("visible=true")).to_have_value("company")
        page.get_by_role("button", name="Try it out").click()
        page.get_by_label("These people agreed").check()
        page.get_by_role("button", name="Import now").click()

        page.get_by_role("heading", name="What it did").wait_for()
        fits()
        page.get_by_role("link", name="unsubscribed_1.csv").click()
        page.get_by_text("unsubscribed: they come as people who left").wait_for()
        page.go_back()
        page.get_by_role("link", name="Undo …").click()
        page.get_by_text("people that the import made are deleted").wait_for()
        page.get_by_role("button", name="Undo the import").click()
        page.get_by_role("heading", name="What the undoing did").wait_for()
        page.goto(f"{live_server}/staff/imports/")
        page.get_by_text("is undone", exact=True).wait_for()
        fits()
        page.get_by_role("link", name=re.compile("^unsubscribed_1")).click()
        page.get_by_role("button", name="Discard this file").click()
        page.get_by_text("5 rows").wait_for()
    assert not Subscriber.objects.exists()
    assert not Subscription.objects.filter(mailing_list=weekly).exists()
