"""The subscribers' pages in a real browser: on a phone and on a desk, by day and by night, without JavaScript."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import expect

from mailer.issues.models import Newsletter
from subscribers import tokens
from subscribers.models import (
    AddressChange,
    Consent,
    Letter,
    MailingList,
    Remark,
    Subscriber,
    Subscription,
    Topic,
    Wording,
)
from subscribers.tokens import Scope
from tests.browser.chromium import PALE_PUBLIC_TEXT, browser_page, on_screens

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def token():
    Topic.objects.create(slug="policy", name="Policy")
    Topic.objects.create(slug="trade", name="Trade " + "and a very long explanation of it " * 2)
    subscription = Subscription.objects.create(
        subscriber=Subscriber.objects.create(email="anna@example.org", first_name="Anna"),
        mailing_list=MailingList.objects.create(slug="weekly", name="Weekly" + "y" * 90),
        state=Subscription.State.ACTIVE,
    )
    return tokens.make(Scope.MANAGE, subscription.mailing_list_id, subscription.subscriber_id)


EVERY_CONTROL = """() => [...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
    .filter(e => !e.labels.length).map(e => e.name)"""
"""Fields without a label."""


def test_a_reader_leaves_and_comes_back(live_server, token):
    with browser_page() as page:
        page.goto(f"{live_server}/u/{token}")
        page.get_by_role("button", name="Leave the list").click()
        expect(page.get_by_role("heading", name="You have left")).to_be_visible()
        page.get_by_role("button", name="I did not mean to").click()
        expect(page.get_by_role("status")).to_contain_text("Welcome back")
    assert Subscription.objects.get().state == "active"
    assert list(Consent.objects.order_by("id").values_list("action", flat=True)) == ["left", "signed_up"]


def test_a_reader_chooses_with_the_keyboard_alone(live_server, token):
    with browser_page(width=390) as page:
        page.goto(f"{live_server}/p/{token}")
        focused = page.locator(":focus-visible")
        for _ in range(4):  # past the links to the parts of the page
            page.keyboard.press("Tab")
        expect(focused).to_have_attribute("name", "topics")
        page.keyboard.press("Space")
        page.get_by_label("Last name").focus()
        page.keyboard.type("Berg")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text("Saved.")
        expect(page.get_by_label("Policy")).to_be_checked()
    subscriber = Subscriber.objects.get()
    assert subscriber.last_name == "Berg"
    assert subscriber.topic_ids == [Topic.objects.get(slug="policy").pk]


def test_pages_fit_their_screen_and_can_be_read(live_server, token):
    with browser_page(scripts=True) as page:
        for path in (f"/u/{token}", f"/p/{token}"):
            page.goto(f"{live_server}{path}")
            for width in on_screens(page, 320, 1280):
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                assert page.evaluate(PALE_PUBLIC_TEXT) == []
                top = page.evaluate("getComputedStyle(document.querySelector('main')).borderTopWidth")
                assert top == "4px"
            assert page.evaluate(EVERY_CONTROL) == []


@pytest.fixture
def reader():
    """Somebody on a German list of a yellow newsletter, with another list to join and one that they are on."""
    cache.clear()
    lists = [
        MailingList.objects.create(slug=slug, name=name, public=True)
        for slug, name in (("woche", "Woche"), ("brief", "Brief"), ("handel", "Handel"))
    ]
    for each, name in zip(lists, ("Die Woche", "Der Morgenbrief", "Handel heute"), strict=True):
        Newsletter.objects.create(
            slug=each.slug,
            name=name,
            mailing_list=each,
            language="de",
            colour="#ffd400",
            from_name=name,
            from_email="post@news.example.com",
            website="https://www.example.com",
            postal_address="1 Raffles Place\nSingapore 048616",
        )
    for number in range(7):
        Topic.objects.create(slug=f"thema-{number}", name=f"Thema {number}")
    Wording.objects.create(mailing_list=lists[1], version=1, text="Ich möchte den Morgenbrief.")
    person = Subscriber.objects.create(email="anna@example.org", time_zone="Asia/Singapore")
    for each in (lists[0], lists[2]):
        Subscription.objects.create(subscriber=person, mailing_list=each, state="active")
    return person


def link_of(person: Subscriber, slug: str = "woche", scope: Scope = Scope.MANAGE, number: int = 0) -> str:
    return tokens.make(scope, MailingList.objects.get(slug=slug).pk, person.pk, number)


@pytest.mark.parametrize("width", [390, 1280])
def test_a_reader_finds_everything_in_their_own_language(live_server, reader, width):
    Subscriber.objects.update(language="en")
    token = link_of(reader)
    with browser_page(width) as page:
        page.goto(f"{live_server}/p/{token}")
        page.get_by_label("Once a month").check()
        page.get_by_label("Language").select_option("de")
        page.get_by_label("Time zone").select_option(label="Kuala Lumpur")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_have_text("Gespeichert.")
        expect(page.locator("html")).to_have_attribute("lang", "de")
        page.get_by_role("button", name="Der Morgenbrief abonnieren").click()
        page.get_by_role("link", name="Ihre Einstellungen für Der Morgenbrief").click()
        expect(page.get_by_label("Jede Ausgabe")).to_be_checked()
        page.get_by_role("button", name="Meine Daten ansehen").click()
        expect(page.get_by_role("status")).to_contain_text("Link geschickt")
    person = Subscriber.objects.get()
    assert (person.language, person.time_zone) == ("de", "Asia/Kuala_Lumpur")
    states = dict(Subscription.objects.values_list("mailing_list__slug", "cadence"))
    assert states == {"woche": "monthly", "brief": "every", "handel": "every"}
    assert list(Letter.objects.values_list("kind", flat=True)) == ["export"]


def test_a_reader_leaves_everything_and_says_why(live_server, reader):
    token = link_of(reader)
    with browser_page(width=390) as page:
        page.goto(f"{live_server}/p/{token}")
        page.locator(".jumps a").first.click()
        page.get_by_text("Grund angeben").click()
        page.get_by_label("Zu viele E-Mails").check()
        page.get_by_label("In Ihren eigenen Worten").fill("Einmal im Monat wäre schön.")
        page.get_by_role("button", name="Von allen Listen abmelden").click()
        page.get_by_role("heading", name="Sie haben sich von allen Listen abgemeldet").wait_for()
        expect(page.get_by_text("Sagen Sie uns, warum?")).to_have_count(0)
    assert set(Subscription.objects.values_list("state", flat=True)) == {"unsubscribed"}
    assert [detail["reason"] for detail in Consent.objects.values_list("detail", flat=True)] == [
        "too_many"
    ] * 2
    assert Remark.objects.get().text == "Einmal im Monat wäre schön."


def test_a_reader_changes_their_address(live_server, reader):
    token = link_of(reader)
    with browser_page(width=390) as page:
        page.goto(f"{live_server}/p/{token}")
        page.get_by_label("E-Mail-Adresse").fill("anna at example")
        page.get_by_role("button", name="Adresse ändern").click()
        page.get_by_role("alert").get_by_role("link").click()
        expect(page.locator("#id_email")).to_have_attribute("aria-invalid", "true")
        described = page.locator("#id_email").get_attribute("aria-describedby").split()
        expect(page.locator(f"#{described[-1]}")).to_contain_text("keine E-Mail-Adresse")
        page.get_by_label("E-Mail-Adresse").fill("anna.berg@example.net")
        page.get_by_role("button", name="Adresse ändern").click()
        expect(page.get_by_role("status")).to_contain_text("anna.berg@example.net")
    token = link_of(reader, scope=Scope.ADDRESS, number=Letter.objects.get().reference)
    with browser_page(width=390) as page:
        page.goto(f"{live_server}/address/{token}")
        page.get_by_role("button", name="Adresse ändern").click()
        page.get_by_role("heading", name="Ihre Adresse ist geändert").wait_for()
    assert Subscriber.objects.get().email == "anna.berg@example.net"


def test_whoever_lost_the_mail_gets_the_link_again(live_server, reader):
    with browser_page(width=390) as page:
        page.goto(f"{live_server}/p/broken")
        page.get_by_role("link", name="have a new link mailed to you").click()
        page.get_by_label("Email address").fill("anna@example.org")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Look into your inbox").wait_for()
        page.complaints.clear()  # that the broken link led nowhere
    assert list(Letter.objects.values_list("kind", "subscriber_id")) == [("link", reader.pk)]


TOO_SMALL = """() => [...document.querySelectorAll('button, select, summary, .choices label, .field input')]
    .filter(e => e.getClientRects().length && e.getBoundingClientRect().height < 40).map(e => e.textContent.trim())"""
UNNAMED_GROUPS = """() => [...document.querySelectorAll('fieldset')]
    .filter(e => !e.querySelector(':scope > legend')?.textContent.trim()).length"""


def test_every_page_fits_and_can_be_read_and_operated(live_server, reader):
    until = timezone.localdate() + timedelta(days=30)
    Subscription.objects.update(paused_until=until, paused_because="soft_bounces")
    change = AddressChange.objects.create(
        subscriber=reader, address="x" * 60 + "@example.net", expires_at=timezone.now() + timedelta(days=1)
    )
    manage, address = link_of(reader), link_of(reader, scope=Scope.ADDRESS, number=change.pk)
    with browser_page(scripts=True) as page:

        def looks_right():
            for width in on_screens(page, 320, 390, 1280):
                fits(width)
                assert page.evaluate(PALE_PUBLIC_TEXT) == []
            page.emulate_media(forced_colors="active")
            for width in on_screens(page, 390):
                fits(width)
            page.emulate_media(forced_colors="none")
            assert page.evaluate(EVERY_CONTROL) == []
            assert page.evaluate(UNNAMED_GROUPS) == 0
            expect(page.locator("h1")).to_have_count(1)

        def fits(width):
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(TOO_SMALL) == []

        for path in (f"/u/{manage}", f"/p/{manage}", f"/address/{address}", "/p?list=woche", "/p/broken"):
            page.goto(f"{live_server}{path}")
            looks_right()
            page.complaints.clear()  # of the page that is meant to be missing
        page.goto(f"{live_server}/p/{manage}")
        page.locator("details summary").click()
        looks_right()
        page.get_by_label("Pausieren bis").fill("2020-01-01")
        page.get_by_role("button", name="Speichern").click()
        page.get_by_role("alert").wait_for()
        looks_right()
        page.goto(f"{live_server}/u/{manage}")
        page.get_by_role("button", name="Abmelden").click()
        page.get_by_role("heading", name="Sie sind abgemeldet").wait_for()
        looks_right()


def test_the_focus_can_be_seen(live_server, reader):
    token = link_of(reader)
    with browser_page(scripts=True) as page:
        page.goto(f"{live_server}/p/{token}")
        seen = set()
        for _ in range(40):
            page.keyboard.press("Tab")
            seen.add(page.evaluate("getComputedStyle(document.activeElement).outlineStyle"))
            if page.evaluate("document.activeElement.value") == "leave-all":
                break
        assert page.evaluate("document.activeElement.value") == "leave-all"
        assert seen == {"solid"}


def test_the_pages_are_in_the_newsletters_colour(live_server, reader):
    token = link_of(reader)
    with browser_page(scripts=True) as page:
        page.goto(f"{live_server}/u/{token}")
        assert (
            page.evaluate("getComputedStyle(document.querySelector('main')).borderTopColor")
            == "rgb(255, 212, 0)"
        )
        button = "getComputedStyle(document.querySelector('main button'))"
        assert page.evaluate(f"{button}.backgroundColor") == "rgb(255, 212, 0)"
        assert page.evaluate(f"{button}.color") == "rgb(22, 24, 27)"
