"""The emulator's inbox in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import browser_context
from tests.emulator.playground import Playground, Webhook, mail, recipient, running, running_webhook

HOSTILE = """<!doctype html><html><head><meta http-equiv="refresh" content="0;url=/"><style>
@media (prefers-color-scheme: dark) { p { color: rgb(255, 0, 0) } }</style></head><body>
<p id="greeting">Hello -name-</p><script>document.getElementById("greeting").textContent = "taken over"</script>
<img src="x" onerror="document.getElementById('greeting').textContent = 'taken over'">
<form action="/messages/0/unsubscribe" method="post"><button id="trap">Press</button></form>
</body></html>"""


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with running_webhook() as receiver:
        yield receiver


@pytest.fixture
def emulator(webhook: Webhook) -> Iterator[Playground]:
    with running() as playground:
        headers = {
            "List-Unsubscribe": f"<{webhook.url}/u/token>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        person = recipient("li@example.org", substitutions={"-name-": "李娜"}, headers=headers)
        playground.send(mail(person, subject="第七期", content=[{"type": "text/html", "value": HOSTILE}]))
        yield playground


@pytest.fixture
def page() -> Iterator[Page]:
    with browser_context(viewport={"width": 1200, "height": 800}, color_scheme="null") as context:
        yield context.new_page()


def test_a_reader_finds_a_mail_and_leaves_the_list(
    page: Page, emulator: Playground, webhook: Webhook
) -> None:
    page.goto(emulator.server.url)
    page.get_by_role("searchbox").fill("li@")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="第七期").click()
    expect(page.frame_locator("iframe").locator("#greeting")).to_have_text("Hello 李娜")
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("status")).to_contain_text("unsubscribed")
    assert [body for _, body in webhook.posts] == [b"List-Unsubscribe=One-Click"]


def test_a_hostile_mail_runs_nothing_and_goes_nowhere(
    page: Page, emulator: Playground, webhook: Webhook
) -> None:
    for path in ("/messages/0", "/messages/0/body"):
        page.goto(emulator.server.url + path)
        page.wait_for_load_state("networkidle")
        frame = page.frame_locator("iframe") if path == "/messages/0" else page
        expect(frame.locator("#greeting")).to_have_text("Hello 李娜")
        frame.locator("#trap").click()
        expect(frame.locator("#greeting")).to_have_text("Hello 李娜")
        expect(page).to_have_url(emulator.server.url + path)
    assert webhook.posts == []


def test_the_phone_view_is_as_wide_as_a_phone(page: Page, emulator: Playground) -> None:
    page.goto(f"{emulator.server.url}/messages/0?view=phone")
    box = page.locator("iframe").bounding_box()
    assert box is not None
    assert box["width"] == 390


def test_a_mail_can_be_seen_in_dark_colours(page: Page, emulator: Playground) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        page.goto(f"{emulator.server.url}/messages/0?scheme={scheme}")
        greeting = page.frame_locator("iframe").locator("#greeting")
        colours[scheme] = greeting.evaluate("element => getComputedStyle(element).color")
    assert colours == {"light": "rgb(0, 0, 0)", "dark": "rgb(255, 0, 0)"}


@pytest.mark.parametrize("path", ["/", "/messages/0", "/messages/0?view=headers", "/messages/0?view=source"])
def test_nothing_sticks_out_on_a_phone(page: Page, emulator: Playground, path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(emulator.server.url + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
