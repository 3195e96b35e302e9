"""What programs read: the Atom feed, the sitemap, robots.txt."""

from datetime import datetime
from xml.etree import ElementTree

import feedparser
import pytest

from mailer.issues.models import Issue, Newsletter
from tests.archive.sent import a_number, many, sent

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def test_the_feed_has_what_rfc_4287_wants(client, settings):
    issue = a_number(subject="Tea & “bridges” <b>", preheader="What happened")
    many(issue.newsletter, [2])
    sent(issue)
    slug = issue.newsletter.slug
    answer = client.get(f"/archive/{slug}/feed")
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    root = ElementTree.fromstring(answer.content)  # noqa: S314 - it is our own
    for element in (root, *root.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):  # 4.1.1, 4.1.2: exactly one of each
            assert len(element.findall(f"{ATOM}{name}")) == 1
        assert datetime.fromisoformat(element.findtext(f"{ATOM}updated")).tzinfo
    assert root.find(f"{ATOM}author/{ATOM}name").text == "The Weekly"
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
    assert links["self"] == f"{settings.PUBLIC_URL}/archive/{slug}/feed"
    assert len({entry.findtext(f"{ATOM}id") for entry in root.iter(f"{ATOM}entry")}) == 2


def test_a_reader_of_feeds_understands_it(client, settings):
    issue = a_number(subject="Tea & “bridges” <b>")
    sent(issue)
    read = feedparser.parse(client.get(f"/archive/{issue.newsletter.slug}/feed").content)
    assert not read.bozo
    (entry,) = read.entries
    assert entry.link == entry.id == f"{settings.PUBLIC_URL}/archive/{issue.newsletter.slug}/1"
    assert entry.title == "Tea & “bridges” <b>"
    assert "What happened" in entry.summary
    assert f"{entry.link}#story-2" in entry.summary


def test_a_hostile_issue_breaks_no_feed(client):
    issue = a_number(subject="]]></title><script>alert(1)</script>")
    issue.stories.update(headline="</li><script>alert(1)</script>")
    Newsletter.objects.update(name="</title><script>", tagline="\x0b<b>")
    sent(Issue.objects.get(pk=issue.pk))
    read = feedparser.parse(client.get(f"/archive/{issue.newsletter.slug}/feed").content)
    assert not read.bozo
    assert "<script>" not in read.entries[0].summary


def test_a_feed_without_issues_is_a_feed(client):
    newsletter = a_number().newsletter
    read = feedparser.parse(client.get(f"/archive/{newsletter.slug}/feed").content)
    assert (read.bozo, read.entries) == (False, [])


def test_a_feed_is_fetched_again_only_when_it_changed(client):
    issue = a_number()
    sent(issue)
    url = f"/archive/{issue.newsletter.slug}/feed"
    first = client.get(url)
    assert client.get(url, headers={"If-None-Match": first["ETag"]}).status_code == 304
    many(issue.newsletter, [2])
    assert client.get(url, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_the_sitemap_has_every_open_archive(client, settings):
    issue = a_number()
    sent(issue)
    a_number()
    root = ElementTree.fromstring(client.get("/sitemap.xml").content)  # noqa: S314
    addresses = [element.text for element in root.iter(f"{SITEMAP}loc")]
    base = f"{settings.PUBLIC_URL}/archive/"
    assert f"{base}{issue.newsletter.slug}/1" in addresses
    assert len(addresses) == 3


def test_nothing_but_the_archive_may_be_listed_by_search_engines(client):
    issue = a_number()
    sent(issue)
    archive = f"/archive/{issue.newsletter.slug}"
    for path in (archive, f"{archive}/1", f"{archive}/feed", "/sitemap.xml"):
        assert client.get(path)["X-Robots-Tag"] == "all"
    for path in (
        "/staff/",
        "/staff/issues/issue/",
        "/account/login/",
        "/u/x",
        "/p",
        "/v/x",
        "/confirm/x",
        "/healthz",
        "/x",
    ):
        assert client.get(path)["X-Robots-Tag"] == "noindex"


def test_robots_are_kept_from_what_is_private(client, settings):
    answer = client.get("/robots.txt")
    assert answer["Content-Type"].startswith("text/plain")
    lines = answer.content.decode().splitlines()
    for path in ("/staff/", "/account/", "/u/", "/p/", "/v/", "/confirm/", "/erase/", "/data/"):
        assert f"Disallow: {path}" in lines
    assert f"Sitemap: {settings.PUBLIC_URL}/sitemap.xml" in lines
    assert not [line for line in lines if line.startswith("Disallow: /archive")]
