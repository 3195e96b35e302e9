"""The site from end to end as its people walk it, in a real browser, with the real processes of an installation behind it."""

import csv
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from playwright.sync_api import FrameLocator, Page, expect

from mailer.issues.models import Issue
from mailer.local.waiting import wait_until
from tests.browser.chromium import browser_context
from tests.faults.conftest import installation as installation
from tests.installation import Installation
from tests.issues.feeds.test_look import rss
from tests.newsroom import crowd, make_issue, subscribe
from tests.staff.imports.files import left, subscribed, zipped
from tests.website import Website, website

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]

LIMIT = 30_000
"""Milliseconds to wait for anything: far above what it takes, also on a busy machine."""
DESKTOP = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
SCREENS = pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop, light", "phone, dark"])
PASSWORD = "a sentence that nobody else says"
LINK = re.compile(r"http://\S+/account/password/\S+")
CLICKED = re.compile(r"Clicked\s+100\.0 %\s+62 of 62 delivered")
READERS = {"policy": "ada@example.org", "travel": "mei@example.org"}


@pytest.fixture
def elsewhere() -> Iterator[Website]:
    """A site with a feed."""
    with website() as site:
        stories = rss("Trains to Laos", "A cheaper Ernie Bot")
        site.says("/feed", stories, media_type="application/rss+xml")
        yield site


@pytest.fixture
def site(installation: Installation, elsewhere: Website, monkeypatch) -> str:
    """The address of the site, with a newsletter that needs approval and 62 readers. Its processes are still to start."""
    address = f"http://127.0.0.1:{installation.web_port}"
    monkeypatch.setattr(settings, "PUBLIC_URL", address)
    installation.environment["FETCH_PRIVATE_HOSTS"] = elsewhere.host
    newsletter = make_issue().newsletter
    newsletter.needs_approval = True
    newsletter.save()
    for topic, reader in READERS.items():
        subscribe(newsletter.mailing_list, reader, topics=[topic])
    crowd(newsletter.mailing_list, 60)
    # Whoever gets a mail opens it and clicks, as soon as the world goes on.
    installation.inbox.call("POST", "world", {"human_open": 1.0, "click": 1.0})
    return address


@SCREENS
def test_from_the_first_sign_in_to_the_click_map(site, installation, elsewhere, screen) -> None:
    installation.start("web", "worker", "beat")
    said = StringIO()
    call_command("invite", "anna@example.org", "--role=administrator", stdout=said)
    link = LINK.search(said.getvalue())
    assert link
    with browser_context(**screen) as context:
        context.set_default_timeout(LIMIT)
        anna = context.new_page()
        complaints = listen(anna)
        choose_password(anna, link[0])
        invite_approver(anna)
        to_ben = LINK.search(installation.inbox.messages(full=True)[-1]["text"])
        take_the_feed(anna, elsewhere)
        write_the_issue(anna)
        issue = anna.url
        see_it_as_two_people(anna)
        mend_what_the_checks_find(anna)
        send_a_test(anna, installation)
        ask_for_approval(anna)
        second = context.browser.new_context(**screen)
        second.set_default_timeout(LIMIT)
        ben = second.new_page()
        complaints_of_ben = listen(ben)
        choose_password(ben, to_ben[0])
        sign_in_again(ben, "ben@example.org")
        approve(ben)
        second.close()
        send_and_steer(anna, installation, issue)
        look_at_what_became_of_it(anna, installation)
    assert all_of(complaints + complaints_of_ben) == []
    staff = ("anna@example.org", "ben@example.org")
    readers = [address for address in installation.inbox.addresses() if address not in staff]
    assert len(readers) == len(set(readers)) == 62, "everybody once"


@SCREENS
def test_from_a_mailchimp_export_to_an_export_of_a_segment(
    site, installation, session, tmp_path, screen
) -> None:
    installation.start("web", "worker")  # nothing here waits for beat, which takes as long to come up
    issue = Issue.objects.get()
    archive = tmp_path / "audience.zip"
    archive.write_bytes(zipped({"subscribed_1.csv": subscribed(), "unsubscribed_1.csv": left()}))
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}
    with browser_context(**screen) as context:
        context.set_default_timeout(LIMIT)
        context.add_cookies([cookie])
        page = context.new_page()
        complaints = listen(page)
        page.goto(f"{site}/staff/imports/")
        import_people(page, archive)
        build_segment(page)
        page.goto(f"{site}/staff/issues/{issue.pk}/send/")
        page.get_by_role("combobox", name="Only those in any of these").fill("germ")
        page.get_by_role("option", name="Germany").click()
        expect(page.locator("#forecast")).to_contain_text("3 people get it")
        page.goto(f"{site}/staff/segments/")
        page.get_by_role("link", name="Export").first.click()
        page.get_by_label("Mailing list").select_option("Weekly")
        page.get_by_label("active", exact=True).check()
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Export", exact=True).click()
        waiting.value.save_as(tmp_path / "germany.csv")
    assert all_of(complaints) == []
    rows = list(csv.DictReader((tmp_path / "germany.csv").read_text("utf-8-sig").splitlines()))
    assert {row["email"] for row in rows} == {"anna@example.org", "bo@example.org", "cy@gmial.com"}
    assert {row["country"] for row in rows} == {"DE"}, "Dora left, there and here"


def import_people(page: Page, archive: Path) -> None:
    """Two files of an export, tried out first; who left there gets nothing here."""
    page.get_by_role("link", name="Import subscribers").first.click()
    page.get_by_label("File").set_input_files(archive)
    page.get_by_role("button", name="Upload").click()
    page.get_by_text("Mailchimp audience export").wait_for()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("heading", name="What would happen").wait_for()
    page.get_by_label("These people agreed").check()
    page.get_by_role("button", name="Import now").click()
    page.get_by_role("heading", name="What it did").wait_for()


def build_segment(page: Page) -> None:
    page.goto(f"{page.url.partition('/staff/')[0]}/staff/segments/new/")
    page.get_by_label("Name", exact=True).fill("Germany")
    for field, text in (("Field", "country"), ("Value", "germany")):
        page.get_by_role("combobox", name=field, exact=True).fill(text)
        page.get_by_role("option").filter(has_text=re.compile(text, re.IGNORECASE)).first.click()
    expect(page.locator("[data-part=sentence]")).to_have_text("In Germany.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(re.compile(r"/segments/\d+/"))


def listen(page: Page) -> list[str]:
    """What the console says from now on, warnings and refusals of the content policy among it."""
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda told: said.append(told.text) if told.type in ("error", "warning") else None)
    return said


def all_of(said: list[str]) -> list[str]:
    """What is worth a word: whoever leaves a page gives up what it was asking for, and htmx calls that an error."""
    return [text for text in said if text not in ("htmx:sendAbort", "htmx:afterRequest")]


def choose_password(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_label("New Password", exact=True).fill(PASSWORD)
    page.get_by_label("New Password (again)").fill(PASSWORD)
    page.get_by_role("button", name="Set password and sign in").click()
    page.get_by_role("heading", name="Last reports").wait_for()


def sign_in_again(page: Page, address: str) -> None:
    open_menu(page)
    page.get_by_role("button", name=address).first.click()
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("E-mail or user name").fill(address)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Waits for you").wait_for()


def open_menu(page: Page) -> None:
    """On a phone it is closed; on a desk there is nothing to open."""
    if (page.viewport_size or {"width": 0})["width"] < 1280:
        page.get_by_role("button", name="Menu").click()


def invite_approver(page: Page) -> None:
    """A second person, who may answer."""
    site = page.url.partition("/staff/")[0]
    page.goto(f"{site}/staff/auth/user/add/")
    page.get_by_label("E-mail").fill("ben@example.org")
    page.locator("[name=roles-0-name]").select_option("approver")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("The link was mailed to").wait_for()


def take_the_feed(page: Page, elsewhere: Website) -> None:
    open_menu(page)
    page.get_by_role("link", name="Backlog").click()
    page.get_by_role("link", name="add a feed").click()
    page.get_by_label("Address").fill(f"{elsewhere.url}/feed")
    page.get_by_label("Travel").check()
    page.get_by_role("button", name="Add it and look").click()
    page.get_by_text("2 new stories from The Feed").wait_for()
    page.get_by_role("link", name="Backlog of The Weekly").click()
    page.get_by_label("Choose Trains to Laos").check()
    page.get_by_role("button", name="New issue with these").click()
    page.wait_for_url("**/staff/issues/*/")


def write_the_issue(page: Page) -> None:
    """The story of the feed is in it; another is written by hand."""
    expect(page.locator(".story .headline")).to_have_text(["Trains to Laos"])
    page.get_by_label("Subject").fill("Trains, and a new rule")
    page.get_by_label("Preheader").fill("What moved this week, and who may drive it")
    page.get_by_role("button", name="Add a story").click()
    page.get_by_label("Headline").last.fill("A rule for robots")
    page.get_by_label("Text").last.fill("They have to say who they are. TBD")
    page.get_by_role("textbox", name="Link", exact=True).last.fill(
        f"{page.url.partition('/staff/')[0]}/robots.txt"
    )
    page.get_by_label("Words of the link").last.fill("Read it")
    saved(page)  # until then hints come and go, and move what stands below them
    page.get_by_role("group", name="Topics of story 2").get_by_label("Policy").check()
    saved(page)


def see_it_as_two_people(page: Page) -> None:
    page.locator(".tabs").get_by_role("button", name="Preview").click()
    page.get_by_label("As", exact=True).select_option("person")
    for topic, sees, misses in (
        ("policy", "A rule for robots", "Trains to Laos"),
        ("travel", "Trains to Laos", "A rule for robots"),
    ):
        page.get_by_placeholder("Name or address").fill(READERS[topic])
        page.locator(".people button", has_text=READERS[topic]).click()
        expect(mail(page).locator("body")).to_contain_text(sees)
        expect(mail(page).locator("body")).not_to_contain_text(misses)


def mend_what_the_checks_find(page: Page) -> None:
    page.locator(".tabs").get_by_role("button", name="Checks").click()
    found = page.locator(".findings button", has_text="TBD")
    found.click()
    text = page.get_by_label("Text").last
    expect(text).to_be_focused()
    text.fill("They have to say who they are, and who runs them.")
    expect(found).to_have_count(0)
    expect(page.locator(".checking .note.bad")).to_have_count(0)
    saved(page)


def send_a_test(page: Page, installation: Installation) -> None:
    """To oneself; and it is looked at in the emulator's inbox."""
    page.get_by_role("link", name="Send…").click()
    page.get_by_role("button", name="Send the test").click()
    page.get_by_text("SendGrid accepted the test").wait_for()
    inbox = page.context.new_page()
    inbox.goto(installation.inbox.url)
    inbox.get_by_role("link", name="[Test] Trains, and a new rule").click()
    body = inbox.frame_locator("iframe")
    expect(body.get_by_text("A rule for robots").first).to_be_visible()
    inbox.close()


def ask_for_approval(page: Page) -> None:
    forecast = page.locator("#forecast")
    expect(forecast).to_contain_text("62 people get it")
    forecast.get_by_label("A word to whoever answers").fill("For Monday")
    forecast.get_by_role("button", name="Ask for approval").click()
    page.get_by_text("somebody else has to answer").first.wait_for()


def approve(page: Page) -> None:
    page.get_by_role("region", name="Waits for you").get_by_role(
        "link", name="Trains, and a new rule"
    ).click()
    expect(page.locator("#numbers")).to_contain_text("62 people get it")
    page.frame_locator("iframe.mail").get_by_text("A rule for robots").first.wait_for()
    page.get_by_role("button", name="Approve exactly this").click()
    page.get_by_text("it may go out as it is now").wait_for()


def send_and_steer(page: Page, installation: Installation, issue: str) -> None:
    """SendGrid asks to wait for a while, so that there is something to hold."""
    page.goto(f"{issue}send/")
    page.get_by_role("button", name="Review and send").click()
    installation.inbox.fail("rate_limit", count=None)
    page.get_by_role("button", name="Send it to 62 people").click()
    page.get_by_text("62 candidates = 0 excluded + 62 waiting + 0 accepted").wait_for()
    page.get_by_label("Why pause?").fill("wrong picture")
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("wrong picture").wait_for()
    installation.inbox.recover()
    page.get_by_role("button", name="Resume").click()
    page.get_by_text("+ 62 accepted +").wait_for()


def look_at_what_became_of_it(page: Page, installation: Installation) -> None:
    """The readers open and click, and their events come in by the webhook."""
    page.get_by_role("link", name="Report", exact=True).click()
    installation.inbox.call("POST", "world", {"paused": False})

    def counted() -> bool:
        page.get_by_role("button", name=re.compile("Count")).click()
        return bool(CLICKED.search(page.locator("#content").inner_text()))

    assert wait_until(counted, LIMIT / 1000), page.locator("#content").inner_text()
    page.get_by_role("link", name="Click map").click()
    expect(page.frame_locator("iframe").locator(".clickmap-badge").first).to_be_visible()


def mail(page: Page) -> FrameLocator:
    """What the preview of the builder shows."""
    return page.frame_locator("iframe[title='Preview of the mail']")


def saved(page: Page) -> None:
    expect(page.locator(".state.saved")).to_contain_text("Saved")
