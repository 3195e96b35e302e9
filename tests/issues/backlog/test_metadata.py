"""What a page says of itself, in the order of how much it is worth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.issues.backlog.metadata import metadata_of

URL = "https://www.example.org/news/story"


def read(html: str | bytes, charset: str | None = "utf-8"):
    return metadata_of(html.encode() if isinstance(html, str) else html, charset, URL)


FULL = """<!doctype html><html><head><meta charset="utf-8">
<title>Ignored | The Site</title>
<link rel="canonical" href="https://www.example.org/news/story-7?utm_source=feed">
<link rel="alternate" type="application/rss+xml" href="/feed.xml">
<meta property="og:title" content="Tencent &amp; the north-east | The Site">
<meta property='og:description' content='A "promise" &#8212; and more'>
<meta name=author content=Somebody>
<meta content="/pictures/a.jpg" property="og:image">
<meta property="og:image:alt" content="A harbour in winter">
<meta property="og:site_name" content="The Site">
<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Ignored too"}</script>
</head><body><h1>Never</h1></body></html>"""


def test_open_graph_comes_first():
    found = read(FULL)
    assert found.title == "Tencent & the north-east"
    assert found.description == 'A "promise" — and more'
    assert (found.site, found.image_alt) == ("The Site", "A harbour in winter")
    assert found.image == "https://www.example.org/pictures/a.jpg"
    assert found.url == "https://www.example.org/news/story-7"
    assert found.feeds == ("https://www.example.org/feed.xml",)


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ('<meta name="twitter:title" content="A"><title>B</title>', "A"),
        ('<script type="application/ld+json">[{"x": 1}, {"headline": "A"}]</script><title>B</title>', "A"),
        ('<script type="application/ld+json">{"@graph": [{"headline": "A"}]}</script><title>B</title>', "A"),
        ("<script type='application/ld+json'>{no json</script><title>B</title>", "B"),
        ("<TITLE>B <b>bold</b></TITLE>", "B bold"),
        ("<body><h1 class=x>C</h1>", "C"),
        ("<title></title><h1>C</h1>", "C"),
        ('<meta property="og:title" content="  "><title>B</title>', "B"),
        ('<meta property="og:title" content="5 > 3 & 2 < 4">', "5 > 3 & 2 < 4"),
        ("<metadata content='x'>nothing", ""),
        ("", ""),
    ],
)
def test_what_a_page_does_not_say_one_way_it_may_say_another(html, title):
    assert read(html).title == title


def test_json_ld_gives_description_and_picture_too():
    found = read(
        '<script type="application/ld+json">{"headline": "A", "description": "D", '
        '"image": [{"url": "https://cdn.example/a.png"}]}</script>'
    )
    assert (found.description, found.image) == ("D", "https://cdn.example/a.png")


@pytest.mark.parametrize(
    ("encoding", "header", "meta"),
    [
        ("gb18030", "gb2312", ""),
        ("gb18030", None, '<meta charset="GBK">'),
        ("shift_jis", None, '<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">'),
        ("utf-8", None, ""),
        ("utf-16", None, ""),
        ("utf-8", "no-such-encoding", ""),
    ],
)
def test_pages_in_other_encodings_are_read(encoding, header, meta):
    assert read(f"{meta}<title>数字中国</title>".encode(encoding), header).title == "数字中国"


def test_latin_pages_without_a_word_about_it_are_read():
    assert read("<title>{}</title>".format("é" * 12).encode("latin-1"), None).title == "é" * 12
    assert read("<title>“quoted”</title>".encode("cp1252"), "iso-8859-1").title == "“quoted”"


def test_encodings_that_are_no_pages_are_not_used():
    assert read(b"<title>xn--a</title>", "punycode").title == "xn--a"
    assert read(b"<title>\\u0041</title>", "unicode_escape").title == "\\u0041"


def test_what_a_page_says_is_text_and_no_more_than_so_much():
    found = read(
        '<meta property="og:title" content="{{ subscriber.email }} <script>alert(1)</script>">'
        f'<meta name="description" content="{"word " * 500}">'
        '<meta property="og:image" content="javascript:alert(1)">'
    )
    assert found.title == "{ { subscriber.email } } <script>alert(1)</script>"
    assert len(found.description) <= 600
    assert found.image == ""


def test_of_a_heading_only_the_beginning_is_looked_at():
    """Five hundred headings around the same text would have it read five hundred times."""
    assert read("<h1>Early</h1>").title == "Early"
    assert read("<h1>" * 500 + "<b>" * 2000 + "Late</h1>").title == ""


@pytest.mark.parametrize(
    "hard",
    ["<meta ", "<meta a='", "<meta a", '<meta content="x" property="og:title" ', "<script>", "<script type=application/ld+json>",
     "<title>", "<", "&", "<link rel=canonical href=", "<meta " + "a" * 5900, "<meta " + "a " * 2900],
    ids=str.__len__,
)  # fmt: skip
def test_pages_that_were_made_to_be_hard_take_no_longer_than_large_ones(hard):
    """In steps that grow with their length alone: a parser of HTML takes minutes for some of these."""
    assert read(hard * (1024 * 1024 // len(hard))).image == ""


@given(st.binary(max_size=300))
def test_any_bytes_are_read(body):
    read(b"<meta property=og:title content=" + body, None)
