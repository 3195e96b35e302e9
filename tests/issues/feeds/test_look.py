"""Feeds fill backlogs: each entry once, the newest first, and what fails is counted and told."""

from datetime import timedelta
from html import escape

import pytest
from django.core.management import call_command
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.issues.feeds.due import claim, due
from mailer.issues.feeds.entries import parse
from mailer.issues.feeds.find import find_feed
from mailer.issues.feeds.look import FIRST, GIVEN_UP_AFTER, MOST, look
from mailer.issues.fetching import Fetched, FetchError
from mailer.issues.models import Feed, FeedEntry, Story
from mailer.issues.tasks import look_at_feeds
from subscribers.models import Topic
from tests.issues.images.pictures import photo, written
from tests.newsroom import make_issue
from tests.website import Website

pytestmark = pytest.mark.django_db
RSS = "application/rss+xml"


def rss(*titles: str, more: str = "", summary: str = "Summary") -> str:
    items = "".join(
        f"<item><title>{escape(title)}</title><guid>{escape(title)}</guid><link>/{number}?utm_source=rss</link>"
        f"<description>{escape(summary)}</description>{more}</item>"
        for number, title in enumerate(titles)
    )
    return f"<?xml version='1.0'?><rss version='2.0' xmlns:media='http://search.yahoo.com/mrss/'><channel><title>The Feed</title>{items}</channel></rss>"


@pytest.fixture
def feed(site):
    newsletter = make_issue().newsletter
    feed = Feed.objects.create(newsletter=newsletter, url=f"{site.url}/feed")
    feed.topics.add(Topic.objects.get(slug="ai"))
    return feed


def says(site: Website, *titles: str, **how: object) -> None:
    site.says("/feed", rss(*titles, **how), media_type=RSS)


def headlines(feed: Feed) -> list[str]:
    stories = feed.newsletter.backlog.order_by("-id")
    return list(stories.values_list("headline", flat=True))


def again(feed: Feed) -> Feed:
    return Feed.objects.get(pk=feed.pk)


def test_entries_become_stories_with_the_topics_of_the_feed(site, feed):
    says(site, "Second", "First", summary="<p>One <b>bold</b> [word](x)</p><p>Two</p>")
    looked = look(feed)
    assert [story.headline for story in looked.stories] == headlines(feed) == ["Second", "First"]
    story = looked.stories[0]
    assert story.body == "One bold \\[word\\](x)\n\nTwo"
    assert (story.link, story.link_label) == (f"{site.url}/0", "Read it at The Feed")
    assert [topic.slug for topic in story.topics.all()] == ["ai"]
    assert again(feed).title == "The Feed"


def test_atom_is_read_by_its_dates(site, feed):
    entries = "".join(
        f"<entry><title>{title}</title><id>urn:{title}</id><updated>2026-0{month}-01T00:00:00Z</updated>"
        f"<link href='/{title}'/><content type='html'>&lt;p&gt;Text&lt;/p&gt;</content></entry>"
        for title, month in (("Old", 1), ("New", 3), ("Middle", 2))
    )
    site.says(
        "/feed",
        f"<feed xmlns='http://www.w3.org/2005/Atom'><title>A</title>{entries}</feed>",
        media_type="application/atom+xml",
    )
    assert [story.headline for story in look(feed).stories] == ["New", "Middle", "Old"]


def test_an_entry_is_taken_once_also_where_its_story_was_deleted_or_the_feed_writes_it_anew(site, feed):
    says(site, "First")
    look(feed)
    Story.objects.filter(headline="First").delete()
    says(site, "Second", "First", summary="changed")
    assert [story.headline for story in look(feed).stories] == ["Second"]
    assert look(feed).stories == ()
    assert FeedEntry.objects.filter(feed=feed).count() == 2


def test_of_a_new_feed_the_newest_are_taken_and_the_others_known(site, feed):
    says(site, *(f"Entry {number}" for number in range(FIRST + 15)))
    looked = look(feed)
    assert [story.headline for story in looked.stories] == [f"Entry {number}" for number in range(FIRST)]
    assert looked.passed_over == 15
    assert look(feed).stories == ()


def test_a_feed_that_calls_everything_anew_fills_no_backlog(site, feed):
    says(site, "First")
    look(feed)
    says(site, *(f"Entry {number}" for number in range(MOST + 20)))
    assert len(look(feed).stories) == MOST


def test_what_did_not_change_is_not_read_again(site, feed):
    site.says(
        "/feed",
        rss("First"),
        media_type=RSS,
        headers={"ETag": '"one"', "Last-Modified": "Mon, 02 Mar 2026 00:00:00 GMT"},
    )
    look(feed)
    looked = look(again(feed))
    assert (looked.changed, looked.failed) == (False, "")
    _, headers = site.asked[-1]
    assert headers["if-none-match"] == '"one"'
    assert headers["if-modified-since"] == "Mon, 02 Mar 2026 00:00:00 GMT"


def test_pictures_of_entries_become_ones_own(site, feed):
    site.says("/a.jpg", written(photo(400, 300), "JPEG"), media_type="image/jpeg")
    says(site, "First", more=f"<media:content url='{site.url}/a.jpg' medium='image'/>")
    [story] = look(feed).stories
    assert "/media/images/" in story.image
    says(site, "Second", summary="<img alt='A harbour' src='/a.jpg'> Text")
    [story] = look(feed).stories
    assert (story.image_alt, story.body) == ("A harbour", "Text")
    says(site, "Third", more="<enclosure url='http://169.254.169.254/x.jpg' type='image/jpeg' length='1'/>")
    [story] = look(feed).stories
    assert story.image == ""


def test_a_hostile_feed_is_text(site, feed):
    site.says(
        "/feed",
        '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss version="2.0"><channel><title>T</title>'
        "<item><title>{{ subscriber.email }} &lt;script&gt;alert(1)&lt;/script&gt;&x;</title>"
        "<link>javascript:alert(1)</link><description>&lt;img src=x onerror=alert(1)&gt;{% raw %}</description></item>"
        "</channel></rss>",
        media_type=RSS,
    )
    [story] = look(feed).stories
    assert story.headline == "{ { subscriber.email } }"
    assert (story.body, story.link, story.link_label) == ("{ % raw % }", "", "")


@pytest.mark.parametrize("body", ["<html>no feed</html>", "", "<rss", "\x00"])
def test_what_is_no_feed_fails_and_says_what_to_do(site, feed, body):
    site.says("/feed", body, media_type="text/html")
    assert "Look for another one" in look(feed).failed
    assert (again(feed).failures, "no RSS or Atom feed" in again(feed).failed_because) == (1, True)


def test_failures_are_counted_forgotten_and_in_the_end_the_feed_is_switched_off(site, feed):
    site.says("/feed", status=503)
    for number in range(1, GIVEN_UP_AFTER):
        assert "503" in look(feed).failed
        assert (again(feed).failures, again(feed).enabled) == (number, True)
    says(site, "First")
    look(feed)
    assert (again(feed).failures, again(feed).failed_because) == (0, "")
    site.says("/feed", status=503)
    for _ in range(GIVEN_UP_AFTER):
        look(feed)
    assert not again(feed).enabled


def test_a_feed_waits_longer_after_each_failure_and_no_longer_than_a_day(feed):
    now = timezone.now()

    def waits(minutes: float, **fields: object) -> bool:
        Feed.objects.filter(pk=feed.pk).update(looked_at=now, **fields)
        before, after = (now + timedelta(minutes=minutes + d) for d in (-1, 1))
        return not due(before).exists() and due(after).exists()

    assert due(now).get() == feed
    assert waits(60, failures=0)
    assert waits(120, failures=1)
    assert waits(480, failures=3)
    assert waits(24 * 60, failures=9)
    assert waits(3 * 24 * 60, failures=9, every=3 * 24 * 60)
    Feed.objects.filter(pk=feed.pk).update(enabled=False)
    assert not due(now + timedelta(days=99)).exists()


def test_of_two_workers_one_looks(feed):
    now = timezone.now()
    first, second = again(feed), again(feed)
    assert claim(first, now)
    assert not claim(second, now)


def test_the_task_looks_at_all_that_are_due(site, feed):
    says(site, "First")
    broken = Feed.objects.create(newsletter=feed.newsletter, url=f"{site.url}/missing")
    look_at_feeds()
    assert headlines(feed) == ["First"]
    assert again(broken).failures == 1
    look_at_feeds()
    assert len(site.asked) == 2


def test_a_page_leads_to_its_feed(site):
    says(site, "First")
    home = site.says("/", '<link rel="alternate" type="application/rss+xml" href="/feed"><title>Home</title>')
    url, parsed = find_feed(home)
    assert (url, parsed.title) == (f"{site.url}/feed", "The Feed")
    with pytest.raises(FetchError, match="names none"):
        find_feed(site.says("/about", "<title>About</title>"))


def test_the_command_shows_feeds_and_looks_at_them(site, feed, capsys):
    says(site, "First")
    call_command("feeds")
    assert "never" in capsys.readouterr().out
    call_command("feeds", "--look")
    assert "First" in capsys.readouterr().out
    site.says("/feed", status=404)
    call_command("feeds", "--look", newsletter=feed.newsletter.slug)
    assert "404" in capsys.readouterr().out


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_feed_is_read_or_refused_and_nothing_else(data):
    body = bytearray(rss("First", "Second", more="<media:content url='/a.jpg' medium='image'/>").encode())
    for _ in range(data.draw(st.integers(1, 8))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    parsed = parse(Fetched("https://www.example.org/feed", 200, {}, RSS, None, bytes(body)))
    assert parsed is None or all(entry.headline for entry in parsed.entries)
