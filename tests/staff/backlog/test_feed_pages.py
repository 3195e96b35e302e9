"""Feeds on the staff site: added, tried, changed, deleted; what fails says what to do."""

import pytest
from django.urls import reverse

from mailer.issues.models import Feed
from tests.issues.feeds.test_look import rss

pytestmark = pytest.mark.django_db
RSS = "application/rss+xml"


def at(name: str, number: int) -> str:
    return reverse(f"staff:{name}", args=[number])


def add(editor, newsletter, url: str, **fields: object):
    given = {"url": url, "title": "", "every": 60, "enabled": "on", **fields}
    return editor.post(at("feeds", newsletter.pk), given, follow=True)


def test_a_feed_is_added_by_the_address_of_its_site_and_looked_at_at_once(editor, newsletter, site):
    site.says("/feed", rss("Second", "First"), media_type=RSS)
    home = site.says("/", '<link rel=alternate type="application/rss+xml" href="/feed">')
    page = add(editor, newsletter, home).text
    assert "2 new stories from The Feed: “Second”; “First”." in page
    feed = Feed.objects.get()
    assert (feed.url, feed.title, feed.failures) == (f"{site.url}/feed", "The Feed", 0)
    assert newsletter.backlog.count() == 2
    assert "This newsletter has the feed already." in add(editor, newsletter, home).text


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://169.254.169.254/feed", "not an address", ""])
def test_what_is_no_feed_of_the_internet_is_not_added(editor, newsletter, url):
    answer = add(editor, newsletter, url)
    assert answer.status_code == 422
    assert 'class="wrong" role="alert"' in answer.text
    assert not Feed.objects.exists()


def test_look_now_says_what_came_and_what_failed(editor, newsletter, site):
    site.says("/feed", rss("First"), media_type=RSS)
    feed = Feed.objects.create(newsletter=newsletter, url=f"{site.url}/feed")
    look = at("feed-look", feed.pk)
    assert "1 new story from" in editor.post(look, follow=True).text
    assert "has nothing new" in editor.post(look, follow=True).text
    site.says("/feed", status=404)
    page = editor.post(look, follow=True).text
    assert "could not be read." in page
    assert "failed once" in page
    assert "could not be read lately" in editor.get("/staff/backlog/").text


def test_a_feed_that_was_switched_off_says_so_and_begins_anew(editor, newsletter, site):
    url = site.says("/feed", rss("First"), media_type=RSS)
    feed = Feed.objects.create(
        newsletter=newsletter, url=url, failures=10, failed_because="Gone.", enabled=False
    )
    assert "It was switched off after 10 failures in a row" in editor.get(at("feeds", newsletter.pk)).text
    editor.post(at("feed", feed.pk), {"url": url, "title": "Mine", "every": 15, "enabled": "on"})
    feed.refresh_from_db()
    assert (feed.title, feed.every, feed.enabled, feed.failures, feed.looked_at) == (
        "Mine",
        15,
        True,
        0,
        None,
    )


def test_a_deleted_feed_leaves_its_stories(editor, newsletter, site):
    site.says("/feed", rss("First"), media_type=RSS)
    add(editor, newsletter, f"{site.url}/feed")
    editor.post(at("feed-delete", Feed.objects.get().pk))
    assert not Feed.objects.exists()
    assert newsletter.backlog.count() == 1


def test_many_feeds_are_counted_at_once(editor, newsletter, django_assert_max_num_queries):
    Feed.objects.bulk_create(Feed(newsletter=newsletter, url=f"https://example.org/{n}") for n in range(40))
    for feed in Feed.objects.all()[:2]:
        feed.entries.create(key="kept", story=newsletter.backlog.create(headline="Kept"))
        feed.entries.create(key="deleted")
    with django_assert_max_num_queries(30):
        page = editor.get(at("feeds", newsletter.pk)).text
    assert page.count("1 of its stories is there") == 2
    assert page.count("0 of its stories are there") == 38
