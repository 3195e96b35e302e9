"""What comes from outside is kept as text: no markup, no Markdown, no merge tags."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.issues.backlog.plain import MOST_HTML, markdown_of, one_line, paragraphs_of
from mailer.issues.builder.markdown import MarkdownStyle, html_of, parse_markdown

STYLE = MarkdownStyle("#000000", False)
TEXT = st.text(st.sampled_from("ab 1.\n\t*_`~[]()<>#+-=!&;{}%|\\\"':/字é"), max_size=80)


def read(markdown: str) -> list[str]:
    """The paragraphs that a reader sees of Markdown; anything but paragraphs stays as its tag."""
    html = html_of(parse_markdown(markdown), STYLE)
    return [unescape(part) for part in re.findall(r"<p[^>]*>(.*?)</p>", html, re.DOTALL)] if html else []


@pytest.mark.parametrize(
    "text",
    [
        "**bold** and _this_ `code` ~~gone~~",
        "[click](https://evil.example/) ![x](https://evil.example/x.png) <https://evil.example/>",
        "# Heading",
        "- item",
        "+ item",
        "1. item",
        "2) item",
        "> quote",
        "---",
        "===",
        "***",
        "```",
        "~~~",
        "    code",
        "<script>alert(1)</script>",
        "&lt;b&gt; &amp; &#42;",
        "a\\*b\\\\",
        "R&D costs 5 % - a lot",
    ],
)
def test_markdown_in_a_text_is_shown_as_it_stands(text):
    assert read(markdown_of([text], 500)) == [" ".join(text.split())]


@given(st.lists(TEXT, max_size=3))
def test_whatever_the_text_readers_see_it_letter_by_letter(texts):
    assert read(markdown_of(texts, 10_000)) == [line for text in texts if (line := one_line(text, 10_000))]


@given(TEXT)
def test_no_merge_tag_opens_in_a_text_from_outside(text):
    for kept in (one_line(text, 500), markdown_of([text], 500)):
        assert not re.search(r"\{\{|\{%|\}\}|%\}", kept)


def test_a_text_that_is_too_long_is_cut_between_words():
    assert one_line("one two three four", 14) == "one two three…"
    assert one_line("x" * 50, 10) == "x" * 9 + "…"
    assert len(markdown_of(["word " * 100] * 10, 600)) <= 620


def test_signs_that_turn_text_around_are_left_out():
    assert one_line("safe\u202egpj.exe\u200b\x00\ud800", 100) == "safegpj.exe"


@pytest.mark.parametrize(
    ("html", "paragraphs"),
    [
        (
            "<p>One <b>bold</b> word.</p><p>Two&nbsp;words &amp; more</p>",
            ["One bold word.", "Two words & more"],
        ),
        ("plain text", ["plain text"]),
        ("a<br>b<li>c", ["a", "b", "c"]),
        ("<style>p{}</style>x<script>if (a < b) alert(1)</script>y<!-- <p>no</p> -->z", ["xyz"]),
        ("<script>never closed", []),
        ("x<!-- never closed <p>y", ["x"]),
        ("&lt;script&gt;", ["<script>"]),
        ("1 < 2 and 3 > 2", ["1 < 2 and 3 > 2"]),
        ("", []),
    ],
)
def test_the_text_of_html_comes_by_paragraphs(html, paragraphs):
    assert paragraphs_of(html) == paragraphs


@pytest.mark.parametrize("hard", ["<", "<a", "<a ", "<!--", "<p", "</", "<script", "<a x='", "&", "<style>"])
def test_markup_that_was_made_to_be_hard_is_read_as_fast_as_any(hard):
    """In steps that grow with its length alone: a parser of HTML takes minutes for some of these."""
    assert isinstance(paragraphs_of(hard * (MOST_HTML // len(hard))), list)
