"""Signing in, in a real browser: with a password, an authenticator app and a passkey; on a phone and a desk."""

import re
from pathlib import Path

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from tests.browser.chromium import PALE_TEXT, UNLABELLED, barriers, browser_context, signed_in
from tests.staff.accounts.people import PASSWORD, with_password
from tests.staff.accounts.test_sign_in import code_of

pytestmark = pytest.mark.django_db(transaction=True)


class Visitor:
    """Somebody at their browser, who looks at each page they come to."""

    def __init__(self, page: Page, site: str, folder: Path) -> None:
        self.page, self.site, self.folder = page, site, folder
        self.complaints: list[str] = []
        page.on("console", lambda told: self.complaints.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def look(self, name: str) -> None:
        """The page fits its window and can be read by everybody."""
        page = self.page
        page.wait_for_load_state()
        width = page.viewport_size["width"]
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.evaluate(PALE_TEXT) == [], name
        assert page.evaluate(UNLABELLED) == [], name
        assert barriers(page, ".desk") == [], name
        page.screenshot(path=self.folder / f"{name}-{width}.png", full_page=True)

    def sign_in(self, login: str) -> None:
        self.page.goto(f"{self.site}/staff/")
        self.page.get_by_label("E-mail or user name").fill(login)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()

    def sign_out(self) -> None:
        self.page.goto(f"{self.site}/account/logout/")
        self.look("sign-out")
        self.page.get_by_role("main").or_(self.page.locator("#content")).get_by_role(
            "button", name="Sign Out"
        ).first.click()
        self.page.get_by_role("heading", name="Sign in").wait_for()

    def show_password_again(self) -> None:
        self.page.get_by_label("Password").wait_for()
        self.look("again")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.locator("form button.go").first.click()


@pytest.fixture(params=[(390, "dark"), (1280, "light")], ids=["phone at night", "desk by day"])
def visitor(request, live_server, tmp_path):
    cache.clear()
    with_password("editor")
    width, scheme = request.param
    with browser_context(viewport={"width": width, "height": 900}, color_scheme=scheme) as context:
        visitor = Visitor(context.new_page(), live_server.url, tmp_path)
        yield visitor
        assert visitor.complaints == []


def test_with_a_password_and_then_an_authenticator_app(visitor):
    page = visitor.page
    page.goto(f"{visitor.site}/staff/")
    visitor.look("sign-in")
    visitor.sign_in("anna@example.org")
    page.wait_for_url(f"{visitor.site}/staff/")
    page.goto(f"{visitor.site}/account/")
    visitor.look("account")
    page.get_by_role("link", name="Set up").click()
    page.get_by_role("link", name="Activate").wait_for()
    visitor.look("factors")
    page.get_by_role("link", name="Activate").click()
    visitor.show_password_again()
    page.locator("#authenticator_secret").wait_for()
    visitor.look("app")
    secret = page.locator("#authenticator_secret").input_value()
    page.get_by_label("Authenticator code").fill(code_of(secret))
    page.get_by_role("button", name="Activate").click()
    page.get_by_label("Unused codes").wait_for()
    visitor.look("recovery-codes")
    visitor.sign_out()
    cache.clear()  # a code works once: this one was used to set it up
    visitor.sign_in("anna@example.org")
    page.get_by_label("Code").wait_for()
    expect(page).to_have_url(re.compile(r"/account/2fa/authenticate/(\?|$)"))
    visitor.look("code")
    page.get_by_label("Code").fill(code_of(secret))
    page.get_by_role("button", name="Sign In").click()
    page.wait_for_url(f"{visitor.site}/staff/")


def test_with_a_passkey_alone(visitor):
    page = visitor.page
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    key = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": key})
    visitor.sign_in("anna@example.org")
    page.wait_for_url(f"{visitor.site}/staff/")
    page.goto(f"{visitor.site}/account/2fa/webauthn/add/")
    visitor.show_password_again()
    page.get_by_label("Passwordless").check()
    visitor.look("new-passkey")
    page.get_by_role("button", name="Add").click()
    page.wait_for_url(lambda url: "/add/" not in url)
    page.goto(f"{visitor.site}/account/2fa/webauthn/")
    visitor.look("passkeys")
    visitor.sign_out()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{visitor.site}/staff/")


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_somebody_is_invited_and_the_audit_log_tells_of_it(live_server, settings, tmp_path, width, scheme):
    settings.EMAIL_BACKEND = "mailer.staff.accounts.mail.SendGridBackend"
    boss = with_password("administrator", email="boss@example.org", username="boss")
    session = signed_in(boss)
    with browser_context(viewport={"width": width, "height": 900}, color_scheme=scheme) as context:
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
        )
        visitor = Visitor(context.new_page(), live_server.url, tmp_path)
        page = visitor.page
        page.goto(f"{visitor.site}/staff/auth/user/")
        visitor.look("users")
        page.goto(f"{visitor.site}/staff/auth/user/add/")
        page.locator("#id_email").fill("ben@example.org")
        page.locator("#id_roles-0-name").select_option("editor")
        visitor.look("invite")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_label("To choose a password").wait_for()
        visitor.look("invited")
        page.get_by_role("link", name="Roles").click()
        page.get_by_role("button", name="Send a link").wait_for()
        visitor.look("user")
        page.get_by_role("link", name="What they did").click()
        page.get_by_text("Nothing fits").wait_for()
        page.goto(f"{visitor.site}/staff/audit/")
        page.locator(".timeline").get_by_text("ben@example.org").wait_for()
        visitor.look("audit-log")
        assert visitor.complaints == []
