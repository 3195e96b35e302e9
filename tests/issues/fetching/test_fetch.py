"""What comes is limited: in time, bytes, redirects and types."""

import gzip
import threading
import zlib
from dataclasses import replace

import pytest

from mailer.issues.fetching import ANYTHING, FEED, PAGE, PICTURE, FetchError, Limits, fetch
from tests.website import website

HTML = "<title>Hello</title>"


@pytest.fixture
def site():
    with website() as site:
        yield site


def get(site, url: str, limits: Limits = PAGE, **how: object):
    return fetch(url, limits, private_hosts=[site.host], **how)


def refusal(site, url: str, limits: Limits = PAGE) -> FetchError:
    with pytest.raises(FetchError) as raised:
        get(site, url, limits)
    return raised.value


def test_a_page_comes_with_where_it_was_found_and_what_it_is(site):
    site.says("/new", HTML, media_type="text/html; charset=ISO-8859-1")
    old = site.says("/old", status=301, headers={"Location": "/new"})
    found = get(site, old)
    assert (found.url, found.status, found.moved) == (f"{site.url}/new", 200, True)
    assert (found.media_type, found.charset, found.body) == ("text/html", "iso-8859-1", HTML.encode())
    assert not get(site, found.url).moved
    _, headers = site.asked[0]
    assert headers["host"] == site.host
    assert "cookie" not in headers
    assert headers["user-agent"].startswith("mailer (+http")


def test_a_redirect_for_now_does_not_count_as_moved(site):
    site.says("/new", HTML)
    site.says("/there", status=301, headers={"Location": "/new"})
    assert not get(site, site.says("/old", status=302, headers={"Location": "/there"})).moved


def test_redirects_come_to_an_end(site):
    loop = site.says("/loop", status=302, headers={"Location": "/loop"})
    assert refusal(site, loop).code == "redirects"
    assert len(site.asked) == PAGE.redirects + 1


@pytest.mark.parametrize(
    ("how", "compress"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("identity", bytes),
    ],
)
def test_what_is_compressed_is_read(site, how, compress):
    url = site.says("/", compress(HTML.encode()), headers={"Content-Encoding": how})
    assert get(site, url).body == HTML.encode()


def test_a_small_answer_that_becomes_a_huge_one_is_stopped_where_it_grows_too_large(site):
    bomb = gzip.compress(bytes(200 * 1024 * 1024), compresslevel=9)
    assert len(bomb) < 256 * 1024
    url = site.says("/", bomb, headers={"Content-Encoding": "gzip"}, media_type="application/xml")
    assert refusal(site, url, FEED).code == "large"


@pytest.mark.parametrize(("how", "body"), [("gzip", b"no gzip"), ("br", b"\x0b\x02\x80hello\x03")])
def test_what_cannot_be_decompressed_is_told_so(site, how, body):
    assert refusal(site, site.says("/", body, headers={"Content-Encoding": how})).code == "broken"


def test_of_a_page_the_beginning_is_enough_and_what_has_to_be_whole_is_refused(site):
    url = site.says("/", b"<" * 3000)
    assert len(get(site, url, replace(PAGE, size=2048)).body) == 2048
    assert refusal(site, url, replace(PAGE, size=2048, cut=False)).code == "large"


def test_an_answer_without_an_end_is_not_read_for_ever(site):
    def endless():
        while True:
            yield b"x" * 65536

    assert refusal(site, site.says("/", endless(), media_type="image/png"), PICTURE).code == "large"


def test_an_answer_that_drips_ends_with_the_time(site):
    done = threading.Event()

    def drips():
        while not done.wait(0.05):
            yield b"x"

    url = site.says("/", drips())
    error = refusal(site, url, replace(PAGE, seconds=0.4))
    done.set()
    assert (error.code, "Try again" in str(error)) == ("slow", True)


def test_a_resolver_that_says_nothing_ends_with_the_time():
    silent = threading.Event()
    with pytest.raises(FetchError) as raised:
        fetch("http://www.example.org/", replace(PAGE, seconds=0.2), resolve=lambda *_: [str(silent.wait(5))])
    silent.set()
    assert raised.value.code == "slow"


@pytest.mark.parametrize(
    ("limits", "wrong"), [(PAGE, "application/pdf"), (PICTURE, "text/html"), (FEED, "image/png")]
)
def test_another_type_is_refused_by_name_before_it_is_read(site, limits, wrong):
    error = refusal(site, site.says("/", b"x", media_type=wrong), limits)
    assert (error.code, wrong in str(error)) == ("type", True)


@pytest.mark.parametrize(
    ("status", "said"), [(404, "nothing at this address"), (403, "not for"), (503, "later")]
)
def test_an_error_is_told_with_its_status(site, status, said):
    error = refusal(site, site.says("/", status=status))
    assert (error.code, error.status) == ("status", status)
    assert said in str(error)


def test_whether_something_answers_is_seen_without_its_body(site):
    url = site.says("/", b"x" * 5_000_000, media_type="application/zip")
    assert get(site, url, ANYTHING).body == b""


def test_what_is_not_new_comes_without_a_body(site):
    url = site.says("/", "<rss/>", media_type="application/xml", headers={"ETag": '"one"'})
    etag = get(site, url, FEED).headers["etag"]
    again = get(site, url, FEED, headers={"If-None-Match": etag})
    assert (again.status, again.body) == (304, b"")


def test_nobody_listens(site):
    with website() as gone:
        url = gone.url
    with pytest.raises(FetchError) as raised:
        fetch(url, PAGE, private_hosts=["127.0.0.1"])
    assert raised.value.code == "unreachable"


def test_what_comes_behind_the_end_of_something_compressed_is_not_kept(site):
    body = gzip.compress(HTML.encode())
    url = site.says("/", [body, *[b"x" * 65536] * 64], headers={"Content-Encoding": "gzip"})
    assert get(site, url).body == HTML.encode()
