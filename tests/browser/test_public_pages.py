"""The subscribers' pages in a real browser: on a phone and on a desk, by day and by night, without JavaScript."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, sync_playwright

from subscribers import tokens
from subscribers.models import Consent, MailingList, Subscriber, Subscription, Topic
from subscribers.tokens import Scope

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        CHROMIUM is None, reason="needs Debian's Chromium: install it with `apt install chromium`"
    ),
]

PALE_TEXT = """() => {
  const light = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    for (; element; element = element.parentElement) {
      const colour = getComputedStyle(element).backgroundColor;
      if (!/, 0\\)$/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("body *")]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || e.matches("input"))
    .map(e => {
      const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
      return [e.textContent.trim() || e.name, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
    })
    .filter(([, ratio]) => ratio < 4.5);
}"""
"""Text whose contrast with its ground is below WCAG 2's AA, with the ratio."""


@contextmanager
def browser_page(width: int = 1280, scheme: str = "light", scripts: bool = False) -> Iterator[Page]:
    """A page of a browser that is gone before the test looks at the database again: Playwright's event loop
    and Django's ORM do not share a thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme=scheme, java_script_enabled=scripts
        )
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda message: page.complaints.append(message.text))
        yield page
        assert page.complaints == []
        assert context.cookies() == []
        browser.close()


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


def test_a_reader_leaves_and_comes_back(live_server, token):
    with browser_page() as page:
        page.goto(f"{live_server}/u/{token}")
        page.get_by_role("button", name="Leave the list").click()
        assert page.get_by_role("heading", name="You have left").is_visible()
        page.get_by_role("button", name="I did not mean to").click()
        assert "Welcome back" in page.get_by_role("status").inner_text()
    assert Subscription.objects.get().state == "active"
    assert list(Consent.objects.order_by("id").values_list("action", flat=True)) == ["left", "signed_up"]


def test_a_reader_chooses_with_the_keyboard_alone(live_server, token):
    with browser_page(width=390) as page:
        page.goto(f"{live_server}/p/{token}")
        page.keyboard.press("Tab")
        focused = page.locator(":focus-visible")
        assert focused.get_attribute("name") == "topics"
        page.keyboard.press("Space")
        page.get_by_label("Last name").focus()
        page.keyboard.type("Berg")
        page.keyboard.press("Enter")
        assert page.get_by_role("status").inner_text() == "Saved."
        assert page.get_by_label("Policy").is_checked()
    subscriber = Subscriber.objects.get()
    assert subscriber.last_name == "Berg"
    assert subscriber.topic_ids == [Topic.objects.get(slug="policy").pk]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_pages_fit_their_screen_and_can_be_read(live_server, token, width, scheme):
    with browser_page(width, scheme, scripts=True) as page:
        for path in (f"/u/{token}", f"/p/{token}"):
            page.goto(f"{live_server}{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(PALE_TEXT) == []
            assert page.evaluate("getComputedStyle(document.querySelector('main')).borderTopWidth") == "4px"
        assert (
            page.evaluate("[...document.querySelectorAll('input')].filter(i => !i.labels.length).length") == 0
        )
