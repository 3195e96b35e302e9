"""The pages of themes in a real browser: the look of a newsletter follows what is chosen."""

import pytest

from mailer.issues.models import OwnTheme
from mailer.issues.themes.keep import keep
from tests.browser.chromium import barriers, staff_page
from tests.issues.themes.test_own_theme import FILES
from tests.newsroom import make_issue

pytestmark = pytest.mark.django_db(transaction=True)
CARD = "() => getComputedStyle(document.querySelector('.card')).backgroundColor"


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_the_look_is_seen_live_in_every_script_width_and_scheme(live_server, session, width, scheme):
    newsletter = make_issue().newsletter
    theme = OwnTheme(slug="ours", name="Ours")
    keep(theme, FILES)
    with staff_page(live_server.url, session, width, scheme) as page:
        page.goto(f"{live_server}/staff/newsletters/{newsletter.pk}/look/")
        frame = page.frame_locator("iframe")
        frame.get_by_text("News about ai").first.wait_for()
        page.get_by_label("Shown").select_option("ar")
        frame.locator("html[dir=rtl]").wait_for()
        page.get_by_role("button", name="320 px").click()
        page.wait_for_function("document.querySelector('iframe').clientWidth <= 320")
        assert page.frames[1].evaluate("document.documentElement.scrollWidth") <= 320
        page.get_by_role("button", name="Dark").click()
        page.wait_for_function("document.querySelector('iframe').srcdoc.includes('@media all')")
        assert frame.locator("html[dir=rtl]").evaluate(CARD) == "rgb(28, 31, 35)"
        page.get_by_label("Plain letter").check()
        page.get_by_label("Font").select_option("mono")
        page.wait_for_function("document.querySelector('iframe').srcdoc.includes('Consolas')")
        page.get_by_label("A theme of your own").select_option("Ours")
        page.wait_for_function("document.querySelector('iframe').srcdoc.includes('Ours: ')")
        page.locator("input[name=page_colour]").fill("red")
        page.get_by_text("Write it as #0f5c6e").wait_for()
        page.locator("input[name=page_colour]").fill("#eeeeff")
        page.get_by_text("Write it as #0f5c6e").wait_for(state="detached")
        assert barriers(page, within=".desk") == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("button", name="Keep this look").click()
        page.get_by_text("Issues that are built from now on").wait_for()
        for path in ("themes/", "themes/new/", f"themes/{theme.pk}/"):
            page.goto(f"{live_server}/staff/{path}")
            page.locator(".desk h2, .desk form").first.wait_for()
            assert barriers(page, within=".desk") == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    newsletter.refresh_from_db()
    assert (newsletter.font, newsletter.own_theme, newsletter.page_colour) == ("mono", theme, "#eeeeff")
