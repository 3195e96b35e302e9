"""Each page of the site, with something on it, on a phone at night and on a desk by day: what holds for all of them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from playwright.sync_api import ConsoleMessage, Page, expect

from tests.browser.chromium import PALE_PUBLIC_TEXT, PALE_TEXT, barriers, browser_context
from tests.browser.lived_in import lived_in
from tests.staff.access.areas import STAFF
from tests.staff.access.test_every_address import ROWS, path_of
from tests.staff.access.world import World
from tests.staff.accounts.people import sign_in, with_password

pytestmark = pytest.mark.django_db(transaction=True)

PARTS = """
staff:issue-document staff:issue-backlog staff:issue-versions staff:issue-people staff:test-panel staff:test-people
staff:approval-panel staff:approval-mail staff:approval-numbers staff:send-people staff:send-forecast staff:send-why
staff:send-live staff:send-controls staff:send-figures staff:sent-people staff:sent-why staff:segment-suggest
staff:segment-count staff:images staff:import-live staff:import-check-live staff:list-counts
"""
"""What pages ask for and show in themselves."""
FILES = """
staff:theme-files staff:import-refused staff:import-flagged staff:newsletter-report-page
staff:newsletter-report-csv staff:report-page staff:report-csv
staff:clickmap-page
"""
LIKE_OTHERS = [
    name
    for name in ROWS
    if name.endswith(("_history", "_delete")) and not name.startswith("admin:issues_issue_")
]
"""The admin's history of a row and its question before one is deleted: the same pages for every model, and seen for one."""
OWN = """
staff:start staff_account account_change_password mfa_index mfa_activate_totp mfa_list_webauthn mfa_add_webauthn
socialaccount_connections account_logout
"""
"""Pages of whoever is signed in."""
ENTRANCE = ("account_login", "account_reset_password", "account_reset_password_done")
"""Pages of who is not."""
SETTLED = """() => document.readyState === "complete" && !document.querySelector(".htmx-request")
    && [...document.querySelectorAll("[x-cloak]")].every(each => each.closest("[x-show], [hidden]"))"""
READABLE = PALE_TEXT.replace(
    ".desk *", ":is(#content, .entrance) :not(.material-symbols-outlined, [type=checkbox])"
)
"""Text alone: an icon or a box needs less contrast (WCAG 1.4.11)."""
BARE = "document.activeElement === document.body && Boolean(document.querySelector('#nav-sidebar-inner'))"


def staff_pages(world: World) -> list[str]:
    """The addresses of the staff site's pages about what is in a world."""
    left_out = {*PARTS.split(), *FILES.split(), *LIKE_OTHERS}
    asked = [name for row in STAFF if row.roles and not row.post for name in row.names.split()]
    return [path_of(name, ROWS[name], world) for name in asked if name not in left_out]


@pytest.fixture
def world(live_server, settings) -> World:
    cache.clear()
    settings.PUBLIC_URL = live_server.url
    return lived_in()


@pytest.fixture
def session(world) -> str:
    """Of an administrator in every other role too, who has just shown their password."""
    anna = with_password("administrator", "editor", "marketer")
    client = Client()
    sign_in(client, anna.username)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def complains(said: ConsoleMessage) -> bool:
    """Whether a page is wrong by its console. What axe-core asks frames in which no script runs, it asks in vain."""
    return said.type in ("error", "warning") and "Failed to execute 'postMessage'" not in said.text


@contextmanager
def looked_at(width: int, scheme: str, found: list[str]) -> Iterator[Page]:
    """A page of a browser. What its console says (errors, warnings, refusals of the content policy) is added to `found`."""
    with browser_context(viewport={"width": width, "height": 900}, color_scheme=scheme) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: found.append(f"{page.url} {error}"))
        page.on("console", lambda said: found.append(f"{page.url} {said.text}") if complains(said) else None)
        yield page


def look(page: Page, url: str, pale: str) -> list[str]:
    """What is wrong with a page: barriers for some, pale text, what hangs over the side.

    Args:
        pale: the script that finds pale text.
    """
    response = page.goto(url)
    page.wait_for_function(SETTLED)
    wrong = [f"answered {response.status}"] if response and response.status != 200 else []
    wrong += barriers(page)
    wrong += [f"pale: {each}" for each in page.evaluate(pale)]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        wrong.append("hangs over the side")
    return [f"{url} {each}" for each in wrong]


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_pages_of_the_staff_have_no_barriers_and_no_complaints(live_server, world, session, width, scheme):
    pages = [*staff_pages(world), *map(reverse, OWN.split())]
    found: list[str] = []
    with looked_at(width, scheme, found) as page:
        for path in map(reverse, ENTRANCE):
            found += look(page, f"{live_server}{path}", READABLE)
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
        )
        for path in pages:
            found += look(page, f"{live_server}{path}", READABLE)
            if page.evaluate(BARE):  # nothing has the focus, and there is a menu
                page.keyboard.press("Tab")
                first = page.evaluate("document.activeElement.textContent.trim()")
                if first != "Skip to the content":
                    found.append(f"{path} begins with {first!r}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_public_pages_have_no_barriers_and_no_complaints(live_server, world, width, scheme):
    newsletter = world["newsletter"]
    found: list[str] = []
    with looked_at(width, scheme, found) as page:
        for path in (
            f"/archive/{newsletter.slug}",
            f"/archive/{newsletter.slug}?q=alipay",
            f"/archive/{newsletter.slug}/topics/payments",
            f"/archive/{newsletter.slug}/2",
            f"/s/{newsletter.mailing_list.slug}",
        ):
            found += look(page, f"{live_server}{path}", PALE_PUBLIC_TEXT)
            page.keyboard.press("Tab")
            expect(page.locator(":focus-visible")).to_have_count(1)
    assert not found, "\n".join(found)
