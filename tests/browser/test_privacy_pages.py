"""The pages about one's own data and the staff's pages of a person, in a real browser: on a phone and on a desk, by day
and by night."""

import json
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from mailer.delivery.models import Exclusion
from subscribers import tokens
from subscribers.models import Consent, Erasure, Subscriber, Topic, Wording
from subscribers.tokens import Scope
from tests.browser.chromium import (
    PALE_PUBLIC_TEXT,
    PALE_TEXT,
    browser_page,
    on_screens,
    signed_in,
    staff_page,
)
from tests.tracking.ledger import Ledger, exclude, make_send
from tests.tracking.test_fold import fold_these

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def anna() -> Subscriber:
    topic = Topic.objects.create(slug="tea", name="Tea and coffee")
    return Subscriber.objects.create(
        email="annabella.a-very-long-name@subdomain.of.a.university.example.org",
        first_name="Anna",
        last_name="Bergström",
        language="sv",
        topic_ids=[topic.pk],
        attributes={"company": "Acme Widgets", "size": 40},
    )


@pytest.fixture
def ledger(anna) -> Ledger:
    """Two issues that went well and not so well, one that was not for her, and her consent."""
    ledger = make_send(
        [anna], headlines=("Tea prices rise, and what follows from it for you", "A new bridge")
    )
    weekly = ledger.send.mailing_list
    words = Wording.objects.create(
        mailing_list=weekly, version=3, text="I want The Weekly by mail, and can leave."
    )
    for action, source, detail in (
        ("signed_up", "sign-up page", {"network": "192.0.2.0/24"}),
        ("confirmed", "link in the confirmation mail", {}),
        ("changed", "staff: mia", {"changed": {"name": True, "language": ["", "sv"]}}),
    ):
        Consent.objects.create(
            subscriber=anna, mailing_list=weekly, action=action, source=source, wording=words, detail=detail
        )
    other = make_send([anna], mailing_list=weekly)
    exclude(make_send(1).send, [anna], Exclusion.Reason.PAUSED)
    fold_these(
        ledger.event("delivered"),
        ledger.event("open", sg_machine_open=True),
        ledger.event("open"),
        ledger.event("click", url="https://example.org/tea"),
        other.event("bounce", type="bounce", bounce_classification="Mailbox Unavailable"),
    )
    return ledger


@pytest.fixture
def session() -> str:
    return signed_in(User.objects.create_superuser("mia"))


def link(scope: Scope, ledger: Ledger, person: Subscriber) -> str:
    expires = int(timezone.now().timestamp()) + 600
    token = tokens.make(scope, ledger.send.mailing_list_id, person.pk, expires)
    return f"/{'data' if scope == Scope.EXPORT else 'erase'}/{token}"


def test_a_reader_downloads_what_is_held_in_both_forms(live_server, ledger, anna, tmp_path):
    files: dict[str, Path] = {}
    with browser_page(width=390) as page:
        page.goto(f"{live_server}{link(Scope.EXPORT, ledger, anna)}")
        assert anna.email not in page.content()
        for button, ending in (("Download it to read", "html"), ("for programs", "json")):
            with page.expect_download() as download:
                page.get_by_role("button", name=button).click()
            files[ending] = tmp_path / download.value.suggested_filename
            download.value.save_as(files[ending])
    assert json.loads(files["json"].read_bytes())["profile"][0]["address"] == anna.email
    assert anna.email in files["html"].read_text()


def test_the_downloaded_page_can_be_read_by_itself(client, ledger, anna, tmp_path):
    path = tmp_path / "data.html"
    path.write_bytes(client.post(link(Scope.EXPORT, ledger, anna), {"as": "html"}).content)
    with browser_page(scripts=True) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        assert asked == [path.as_uri()], "it needs no other file"
        for width in on_screens(page, 390, 1280):
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(PALE_PUBLIC_TEXT) == []
        expect(page.get_by_role("heading", name="Issues")).to_be_visible()


def test_a_reader_erases_themselves(live_server, ledger, anna):
    where = f"{live_server}{link(Scope.ERASE, ledger, anna)}"
    with browser_page(width=390) as page:
        page.goto(where)
        page.get_by_role("button", name="Erase everything").click()
        expect(page.get_by_role("heading", name="You are erased")).to_be_visible()
        page.goto(where)
        expect(page.get_by_role("heading", name="You are erased")).to_be_visible()
    anna.refresh_from_db()
    assert anna.email == f"erased-{anna.pk}@erased.invalid"


def test_the_public_pages_fit_their_screen_and_can_be_read(live_server, ledger, anna):
    with browser_page(scripts=True) as page:
        for path in (link(Scope.EXPORT, ledger, anna), link(Scope.ERASE, ledger, anna)):
            page.goto(f"{live_server}{path}")
            for width in on_screens(page, 320, 1280):
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                assert page.evaluate(PALE_PUBLIC_TEXT) == []


def test_staff_look_at_a_person_and_erase_them(live_server, session, ledger, anna):
    with staff_page(live_server.url, session) as page:
        page.goto(f"{live_server}/staff/subscribers/subscriber/{anna.pk}/change/")
        page.get_by_role("link", name="All that is known of them").click()
        expect(page.get_by_text("Tea prices rise").first).to_be_visible()
        page.get_by_text("Wording, version 3").first.click()
        expect(page.get_by_text("I want The Weekly by mail").first).to_be_visible()
        page.get_by_role("link", name="Erase …").click()
        page.get_by_label("Why?").fill("letter of 3 May")
        page.get_by_role("button", name="Erase this person").click()
        expect(page, "the box is not ticked").to_have_url(re.compile("/erase/"))
        page.get_by_label("It is for good").check()
        page.get_by_role("button", name="Erase this person").click()
        page.get_by_text("What is left says nothing of who they were.").first.wait_for()
        assert anna.email not in page.content()
    assert (Erasure.objects.get().by, Erasure.objects.get().reason) == ("staff: mia", "letter of 3 May")


def test_staff_export_what_is_held(live_server, session, ledger, anna, tmp_path):
    with staff_page(live_server.url, session, width=390) as page:
        page.goto(f"{live_server}/staff/subscribers/subscriber/{anna.pk}/facts/")
        page.get_by_role("link", name="Export what is held").click()
        page.get_by_label("Why?").fill("asked for by phone")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download as JSON").click()
        download.value.save_as(tmp_path / "data.json")
    assert json.loads((tmp_path / "data.json").read_bytes())["profile"][0]["address"] == anna.email


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_the_staffs_pages_fit_their_screen_and_can_be_read(live_server, session, ledger, anna, width, scheme):
    with staff_page(live_server.url, session, width, scheme) as page:
        for name in ("facts", "export", "erase", "change"):
            page.goto(f"{live_server}/staff/subscribers/subscriber/{anna.pk}/{name}/")
            page.wait_for_function("document.querySelector('[x-cloak]') === null")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate("document.documentElement.classList.contains('dark')") == (scheme == "dark")
            assert page.evaluate(PALE_TEXT) == []
            unlabelled = "[...document.querySelectorAll('.desk :is(input:not([type=hidden]), textarea)')].filter(i => !i.labels.length).length"
            assert page.evaluate(unlabelled) == 0
