"""The lint: what blocks, what warns, and where it says so."""

import dataclasses
from typing import Any

import pytest

from mailer.issues.builder.build import build
from mailer.issues.builder.content import Edition
from mailer.issues.builder.personalise import personalise
from mailer.issues.lint import Finding, blocking, lint
from mailer.issues.lint.check import TYPICAL_RECIPIENT
from tests.issues import sample


def findings(**changes: Any) -> list[tuple[str, str, str]]:
    issue = sample.issue(**changes)
    return [(finding.level, finding.code, finding.where) for finding in lint(issue, build(issue))]


def edition_findings(**changes: Any) -> list[tuple[str, str]]:
    issue = sample.issue()
    edition = dataclasses.replace(build(issue), **changes)
    return [(finding.level, finding.code) for finding in lint(issue, edition)]


@pytest.mark.parametrize("theme", ["digest", "letter"])
@pytest.mark.parametrize("language", ["en", "ar", "zh-Hant"])
def test_the_sample_is_clean(theme: str, language: str) -> None:
    assert findings(newsletter=sample.newsletter(theme=theme, language=language)) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"subject": " "}, ("error", "subject_empty", "subject")),
        ({"subject": "{{ subscriber.nothing }}"}, ("error", "subject_empty", "subject")),
        ({"subject": "x" * 71}, ("warning", "subject_long", "subject")),
        ({"subject": "中" * 36}, ("warning", "subject_long", "subject")),
        ({"subject": "x" * 60 + "{{ subscriber.first_name }} xx"}, ("warning", "subject_long", "subject")),
        ({"subject": "READ THIS AT ONCE"}, ("warning", "subject_shouts", "subject")),
        ({"subject": "Read this!!!"}, ("warning", "subject_exclaims", "subject")),
        ({"preheader": ""}, ("warning", "preheader_empty", "preheader")),
        ({"preheader": "x" * 141}, ("warning", "preheader_long", "preheader")),
        ({"intro": "a\n\n[b]()"}, ("error", "link_empty", "intro, line 3")),
        ({"intro": "[b](/path)"}, ("error", "link_relative", "intro, line 1")),
        ({"intro": "[b](www.example.org)"}, ("error", "link_relative", "intro, line 1")),
        ({"intro": "[b](https:///path)"}, ("error", "link_relative", "intro, line 1")),
        ({"intro": "[b](http://a.example/)"}, ("warning", "link_insecure", "intro, line 1")),
        ({"intro": "[](https://a.example/)"}, ("error", "label_empty", "intro, line 1")),
        ({"call_to_action_link": ""}, ("error", "link_empty", "call to action, link")),
        ({"call_to_action_label": ""}, ("error", "label_empty", "call to action, label")),
        ({"intro": "Hi *|FNAME|*"}, ("error", "tag_unresolved", "intro, line 1")),
        ({"intro": "Hi\n%recipient%"}, ("error", "tag_unresolved", "intro, line 2")),
        ({"outro": "Hi [FNAME]"}, ("error", "tag_unresolved", "outro, line 1")),
        ({"subject": "Hi {first_name}"}, ("error", "tag_unresolved", "subject")),
        ({"subject": "Hi there }}"}, ("error", "tag_unresolved", "subject")),
        (
            {"call_to_action_link": "https://a.example/?n=%recipient%"},
            ("error", "tag_unresolved", "call to action, link"),
        ),
        ({"outro": "Lorem ipsum dolor"}, ("warning", "filler_text", "outro, line 1")),
    ],
)
def test_a_fault_in_the_issue_is_found_at_its_place(
    changes: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    assert findings(**changes) == [expected]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"image_alt": ""}, ("error", "alt_missing", "story 1, image")),
        ({"image_alt": "IMG_0042.JPG"}, ("warning", "alt_file_name", "story 1, image")),
        ({"image": "http://a.example/b.png"}, ("error", "image_insecure", "story 1, image")),
        ({"image": "b.png"}, ("error", "image_insecure", "story 1, image")),
        ({"headline": ""}, ("error", "headline_empty", "story 1, headline")),
        ({"body": ""}, ("warning", "body_empty", "story 1, body")),
        ({"link": "stories/1"}, ("error", "link_relative", "story 1, link")),
        ({"topics": ("{{ x }}",)}, ("error", "tag_unresolved", "story 1, topics")),
    ],
)
def test_a_fault_in_a_story_is_found_at_its_place(
    changes: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    assert findings(stories=(sample.story(**changes),)) == [expected]


def test_the_same_link_in_two_stories_is_a_warning() -> None:
    other = sample.story(id=2, body="x")
    assert findings(stories=(sample.story(), other)) == [("warning", "link_doubled", "story 2, link")]


def test_an_address_in_percent_escapes_is_no_tag() -> None:
    link = "https://a.example/%E4%BD%A0%E5%A5%BD?x=%20abc%20&y=100%25"
    assert findings(intro=f"[x]({link}) 100% fine", call_to_action_link=link) == []


def test_a_missing_postal_address_blocks() -> None:
    assert findings(newsletter=sample.newsletter(postal_address=" \n")) == [
        ("error", "address_missing", "newsletter, postal address")
    ]


def test_a_missing_text_part_blocks() -> None:
    assert ("error", "text_missing") in edition_findings(text=" ")


def test_a_missing_unsubscribe_link_blocks_and_the_others_warn() -> None:
    html = build(sample.issue()).html.replace("href=", "data-href=")
    found = edition_findings(html=html)
    assert ("error", "unsubscribe_missing") in found
    assert ("warning", "preferences_missing") in found
    assert ("warning", "view_missing") in found


@pytest.mark.parametrize(
    ("size", "expected"),
    [(89_000, []), (90_000, [("warning", "size_near_clip")]), (100_000, [("error", "size_clipped")])],
)
def test_the_size_warns_before_gmail_clips_and_blocks_after(
    size: int, expected: list[tuple[str, str]]
) -> None:
    issue = sample.issue(
        subject="Plain", intro="x", stories=(sample.story(),), call_to_action_link="https://a.example/"
    )
    edition = build(issue)
    # Links of a typical recipient are longer than their keys: fill up what a recipient gets.
    missing = size - max(len(html.encode()) for html in (edition.html, _typical(edition)))
    edition = dataclasses.replace(edition, html=edition.html.replace("</body>", "x" * missing + "</body>"))
    assert [(finding.level, finding.code) for finding in lint(issue, edition)] == expected


def _typical(edition: Edition) -> str:
    return personalise(edition, TYPICAL_RECIPIENT).html


@pytest.mark.parametrize(
    ("added", "code"),
    [
        ('<a href="javascript:x">x</a>', "link_scheme"),
        ('<a href="data:text/html,x">x</a>', "link_scheme"),
        ('<a href="">x</a>', "link_empty"),
        ('<img src="https://a.example/b.png">', "alt_missing"),
        ('<img src="http://a.example/b.png" alt="x">', "image_insecure"),
        ("{{ left }}", "tag_unresolved"),
    ],
)
def test_what_a_theme_did_wrong_is_found_in_the_html(added: str, code: str) -> None:
    html = build(sample.issue()).html.replace("</body>", added + "</body>")
    assert edition_findings(html=html) == [("error", code)]


def test_only_errors_block() -> None:
    warning, error = Finding("warning", "a", "b", "c"), Finding("error", "a", "b", "c")
    assert blocking([warning, error, warning]) == (error,)


def test_every_message_says_where_and_what_to_do() -> None:
    issue = sample.issue(subject="", preheader="", intro="[a]() *|X|*", stories=(sample.story(image_alt=""),))
    for finding in lint(issue, build(issue)):
        assert finding.where
        assert ": " in finding.message


def test_an_image_of_the_installation_itself_is_as_safe_as_its_site():
    at_home = sample.issue(
        stories=(sample.story(image="http://127.0.0.1:8000/static/bridge.png", image_alt="A bridge"),)
    )
    assert "image_insecure" in {finding.code for finding in lint(at_home, build(at_home))}
    assert "image_insecure" not in {
        finding.code for finding in lint(at_home, build(at_home), site="http://127.0.0.1:8000")
    }
