"""The browser of the tests: one Chromium for all tests of a process, and pages in it that know nothing of each other."""

import asyncio
import shutil
from asyncio import events
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import product

from axe_core_python.base import AXE_SCRIPT
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
CHROMIUM = shutil.which("chromium")
expect.set_options(timeout=30_000)  # milliseconds. Far above what anything takes, also on a busy machine.

_LIGHT = """
  const light = rgb => {
    const [r, g, b] = rgb.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };"""

PALE_TEXT = f"""() => {{
  const pen = new OffscreenCanvas(1, 1).getContext("2d", {{willReadFrequently: true}});
  const painted = colours => {{
    pen.clearRect(0, 0, 1, 1);
    for (const colour of colours) {{ pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); }}
    return [...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  }};{_LIGHT}
  const grounds = element =>
    element ? [...grounds(element.parentElement), getComputedStyle(element).backgroundColor] : ["white"];
  return [...document.querySelectorAll(".desk *")]
    .filter(e => e.checkVisibility() && !e.closest("svg"))
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || e.matches("input, textarea"))
    .map(e => {{
      const under = grounds(e);
      const [a, b] = [light(painted([...under, getComputedStyle(e).color])), light(painted(under))];
      return [e.textContent.trim() || e.name, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
    }})
    .filter(([, ratio]) => ratio < 4.5);
}}"""
"""Text on a staff page whose contrast with what lies under it is below WCAG 2's AA, with the ratio. Colours are painted,
because django-unfold's are oklch()."""

PALE_PUBLIC_TEXT = f"""() => {{{_LIGHT}
  const rgb = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const ground = element => {{
    for (; element; element = element.parentElement) {{
      const colour = getComputedStyle(element).backgroundColor;
      if (!/^rgba.*, 0\\)$/.test(colour)) return colour;
    }}
    return "rgb(255, 255, 255)";
  }};
  return [...document.querySelectorAll("body *")]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || e.matches("input"))
    .map(e => {{
      const [a, b] = [light(rgb(getComputedStyle(e).color)), light(rgb(ground(e)))];
      return [e.textContent.trim() || e.name, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
    }})
    .filter(([, ratio]) => ratio < 4.5);
}}"""
"""The same of a page for subscribers or a letter, whose colours are rgb(); also of text that is not shown."""

UNLABELLED = """() => [...document.querySelectorAll(".desk :is(input:not([type=hidden]), select, textarea)")]
    .filter(e => !e.labels.length).map(e => e.name)"""
"""Fields on a staff page that say nothing to whoever does not see them."""


@dataclass(frozen=True)
class _Chromium:
    """A running browser, and the event loop that Playwright speaks to it with."""

    browser: Browser
    loop: asyncio.AbstractEventLoop


_closing = ExitStack()
_running: list[_Chromium] = []


def _chromium() -> _Chromium:
    """The browser of this process, started by the first test that needs it."""
    if not _running:
        playwright = _closing.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        _closing.callback(browser.close)
        _running.append(_Chromium(browser, asyncio.get_running_loop()))
    return _running[0]


def close() -> None:
    """End the browser of this process."""
    if _running:
        events._set_running_loop(_running.pop().loop)
        _closing.close()


@contextmanager
def browser_context(**options: object) -> Iterator[BrowserContext]:
    """A browser with nothing in it: no cookies, no cache, none of what another test left.

    The ORM cannot be used inside: Playwright's event loop is then the thread's running one, beside which Django does
    no work. Outside it is not, so tests that come after may work with the database, and run loops of their own.

    Args:
        options: of Playwright's Browser.new_context.
    """
    chromium = _chromium()
    events._set_running_loop(chromium.loop)
    try:
        context = chromium.browser.new_context(**options)  # type: ignore[arg-type]
        try:
            yield context
        finally:
            context.close()
    finally:
        events._set_running_loop(None)


@contextmanager
def browser_page(width: int = 1280, scheme: str = "light", scripts: bool = False) -> Iterator[Page]:
    """A page for subscribers. At its end it must not have complained on its console, nor have set a cookie.

    Args:
        width: of the window, in pixels.
        scheme: "light" or "dark".
        scripts: whether JavaScript runs. The page's own must not need it; `page.evaluate` of a test does.
    """
    size = {"width": width, "height": 844}
    with browser_context(viewport=size, color_scheme=scheme, java_script_enabled=scripts) as context:
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda message: page.complaints.append(message.text))
        yield page
        assert page.complaints == []
        assert context.cookies() == []


def on_screens(page: Page, *widths: int) -> Iterator[int]:
    """Show a page of whose size and colours no script knows on screens of these widths, light and dark, and tell the
    width: it is laid out anew, and not loaded again."""
    for width, scheme in product(widths, ("light", "dark")):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme)
        yield width


@contextmanager
def staff_page(server: str, session: str, width: int = 1280, scheme: str = "light") -> Iterator[Page]:
    """A page that is signed in to the staff site. At its end no script of it may have failed.

    Args:
        server: address of the site, as `live_server.url`.
        session: as `signed_in` gives it.
        width: of the window, in pixels.
        scheme: "light" or "dark".
    """
    with browser_context(viewport={"width": width, "height": 900}, color_scheme=scheme) as context:
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": str(server)}])
        page = context.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        assert complaints == []


def signed_in(user: AbstractBaseUser) -> str:
    """A session of somebody, for `staff_page`."""
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def barriers(page: Page, within: str = "body") -> list[str]:
    """What axe-core finds wrong in a part of a page (WCAG 2, A and AA), each with the elements: [] is accessible.

    Args:
        within: a CSS selector.
    """
    # What fits is not asked for, and frames, whose mails no script may look at, are not waited for.
    rules = {"runOnly": AXE_RULES, "resultTypes": ["violations"], "iframes": False}
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    violations = page.evaluate(
        "async ([within, rules]) => (await axe.run(within, rules)).violations", [within, rules]
    )
    return [
        f"{violation['id']}: {violation['help']} "
        + "; ".join(str(node["target"]) for node in violation["nodes"])
        for violation in violations
    ]
