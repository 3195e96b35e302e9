"""Addresses are kept whole, and without what tracks readers."""

import pytest

from mailer.issues.backlog.links import canonical, joined, without_tracking

PAGE = "https://www.example.org/news/story?id=7"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://a.example/?utm_source=x&utm_medium=y", "https://a.example/"),
        (
            "https://a.example/p?id=7&UTM_Campaign=x&fbclid=y&page=2#top",
            "https://a.example/p?id=7&page=2#top",
        ),
        ("https://a.example/p?q=a%20b&empty=&gclid=", "https://a.example/p?q=a%20b&empty="),
        ("https://a.example/p?mc_eid=1&_hsenc=2&msclkid=3", "https://a.example/p"),
        ("https://a.example/p?source=utm_source", "https://a.example/p?source=utm_source"),
        ("https://a.example/p", "https://a.example/p"),
    ],
)
def test_parameters_that_track_go_and_others_stay(url, kept):
    assert without_tracking(url) == kept


@pytest.mark.parametrize(
    ("named", "meant"),
    [
        ("https://www.example.org/news/story", "https://www.example.org/news/story"),
        ("/news/story", "https://www.example.org/news/story"),
        ("https://example.org/news/story?utm_source=x", "https://example.org/news/story"),
        ("http://www.example.org/news/story", "https://www.example.org/news/story"),
        (None, PAGE),
        ("https://evil.example/news/story", PAGE),
        ("https://www.example.org/", PAGE),
        ("javascript:alert(1)", PAGE),
        ("https://user@www.example.org/x", PAGE),
        ("http://[", PAGE),
    ],
)
def test_a_page_names_its_own_address_and_no_other_ones(named, meant):
    assert canonical(PAGE, named) == meant


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "",
        " ",
        "data:image/png;base64,x",
        "file:///etc/passwd",
        "http://[",
        "mailto:a@b.example",
    ],
)
def test_what_is_no_web_address_is_none(url):
    assert joined(PAGE, url) is None


def test_an_address_opens_no_merge_tag():
    found = joined(PAGE, "https://a.example/{{ subscriber.email }}?x={{y}}#z")
    assert found is not None
    assert "{" not in found
    assert "}" not in found
