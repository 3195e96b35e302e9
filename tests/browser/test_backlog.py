"""The backlog in a real browser: a feed fills it, a page is taken, a story is written, and an issue begun with them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from mailer.issues.models import Feed, FeedEntry, Issue, Story
from subscribers.models import Topic
from tests.browser.chromium import PALE_TEXT, barriers, staff_page
from tests.issues.feeds.test_look import rss
from tests.issues.images.pictures import photo, written
from tests.newsroom import make_issue
from tests.website import website

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def site(settings, tmp_path, live_server):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PUBLIC_URL = str(live_server)
    with website() as site:
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, fetch_private_hosts=(site.host,))
        site.says("/feed", rss("Trains to Laos", "A cheaper Ernie Bot"), media_type="application/rss+xml")
        site.says("/a.jpg", written(photo(900, 600), "JPEG"), media_type="image/jpeg")
        site.says(
            "/story",
            "<title>Alipay is back</title><meta name=description content='In Singapore.'>"
            "<meta property=og:image content=/a.jpg><meta property=og:site_name content='The Site'>",
        )
        yield site


def test_an_editor_fills_the_backlog_and_begins_an_issue_with_it(live_server, session, site, tmp_path):
    newsletter = make_issue().newsletter
    picture = tmp_path / "harbour.png"
    picture.write_bytes(written(photo(600, 400), "PNG"))
    with staff_page(live_server.url, session) as page:
        page.goto(f"{live_server}/staff/backlog/")
        page.get_by_role("link", name="add a feed").click()
        page.get_by_label("Address").fill(f"{site.url}/feed")
        page.get_by_role("button", name="Add it and look").click()
        page.get_by_text("2 new stories from The Feed").wait_for()
        page.get_by_role("link", name="Backlog of The Weekly").click()
        page.get_by_label("Make a story of a page on the web").fill(f"{site.url}/story?utm_source=x")
        page.get_by_role("button", name="Take it").click()
        page.get_by_text("Write what the picture shows").wait_for()
        expect(page.get_by_label("Headline")).to_have_value("Alipay is back")
        page.get_by_label("What it shows").fill("A hand with a phone")
        page.get_by_role("button", name="Keep it").click()
        page.get_by_role("link", name="Write a story").click()
        page.get_by_label("Headline").fill("By hand")
        page.get_by_label("Upload one").set_input_files(Path(picture))
        page.get_by_label("What it shows").fill("A harbour")
        page.get_by_role("button", name="Keep it").click()
        expect(page.get_by_role("button", name="New issue with these")).to_be_disabled()
        shown = page.locator(".cards img").first
        shown.scroll_into_view_if_needed()
        page.wait_for_function(
            "image => image.complete && image.naturalWidth === 600", arg=shown.element_handle()
        )
        for headline in ("By hand", "Alipay is back", "Trains to Laos"):
            page.get_by_label(f"Choose {headline}").check()
        page.get_by_text("3 chosen").wait_for()
        page.get_by_role("button", name="New issue with these").click()
        page.wait_for_url("**/staff/issues/*/")
    issue = Issue.objects.get(newsletter=newsletter, number=2)
    assert [story.headline for story in issue.stories.all()] == [
        "By hand",
        "Alipay is back",
        "Trains to Laos",
    ]
    assert newsletter.backlog.get().headline == "A cheaper Ernie Bot"


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_the_pages_fit_their_screen_and_can_be_read(live_server, session, site, width, scheme):
    newsletter = make_issue().newsletter
    feed = Feed.objects.create(
        newsletter=newsletter,
        url=f"{site.url}/{'x' * 300}",
        title="A Feed",
        failures=3,
        failed_because="It answered 503.",
    )
    long = Story.objects.create(
        newsletter=newsletter,
        headline="Long " * 40,
        body="**Text** " * 60,
        link=f"https://{'a' * 60}.example/",
    )
    FeedEntry.objects.create(feed=feed, key="1", story=long)
    story = Story.objects.create(
        newsletter=newsletter, headline="Short", body="Text", image="/static/sample/ai.png"
    )
    story.topics.set(Topic.objects.all())
    feed.topics.set(Topic.objects.all())
    with staff_page(live_server.url, session, width, scheme) as page:
        for path in (
            "backlog/",
            f"backlog/stories/{story.pk}/",
            f"newsletters/{newsletter.pk}/feeds/",
            f"backlog/feeds/{feed.pk}/",
        ):
            page.goto(f"{live_server}/staff/{path}")
            page.wait_for_function("document.querySelector('[x-cloak]') === null")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert page.evaluate("document.querySelector('.desk').scrollWidth") <= width, path
            assert json.dumps(page.evaluate(PALE_TEXT)) == "[]", path
            assert barriers(page, ".desk") == [], path
