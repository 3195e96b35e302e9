"""Links that are the recipient's own are never tracked: whoever follows a tracked link learns the token in it."""

import re

import pytest

from mailer.issues.builder.build import build
from mailer.issues.builder.content import Edition
from mailer.issues.builder.expressions import Expression
from mailer.issues.builder.links import resolve_html
from mailer.issues.builder.personalise import personalise
from mailer.issues.builder.placeholders import Placeholders
from tests.issues import sample

VIEW = "https://news.example.org/v/abc"


def anchors_to(url: str, edition: Edition) -> list[str]:
    return re.findall(rf'<a [^>]*href="{re.escape(url)}"[^>]*>', personalise(edition, sample.RECIPIENT).html)


@pytest.mark.parametrize("theme", ["digest", "letter"])
def test_an_own_link_is_not_tracked_wherever_an_editor_writes_it(theme: str) -> None:
    own = "{{ links.view }}"
    issue = sample.issue(
        newsletter=sample.newsletter(theme=theme),
        intro=f'[On the web]({own} "with a > title")',
        stories=(sample.story(link=own, body=f"- [here]({own})"),),
        outro=f"> <https://a.example/> and [there]({own})",
        call_to_action_link=own,
    )
    edition = build(issue)
    found = anchors_to(VIEW, edition)
    assert len(found) >= 6
    assert all(anchor.count('clicktracking="off"') == 1 for anchor in found)
    assert VIEW not in [link.url for link in edition.links]


def test_other_links_stay_tracked() -> None:
    edition = build(sample.issue(outro="[Offer](https://a.example/?back={{ links.view }})"))
    (anchor,) = anchors_to("https://a.example/?back=https%3A%2F%2Fnews.example.org%2Fv%2Fabc", edition)
    assert "clicktracking" not in anchor
    assert [link for link in edition.links if link.url.startswith("https://a.example/?back=")]


@pytest.mark.parametrize(
    ("written", "resolved"),
    [
        ('<a href="{}">', '<a href="{}" clicktracking="off">'),
        ('<a clicktracking="on" href="{}" class="x">', '<a href="{}" clicktracking="off" class="x">'),
        ('<a title="a > b" href="{}">', '<a title="a > b" href="{}" clicktracking="off">'),
        ('<A HREF="{}">', '<A HREF="{}" clicktracking="off">'),
        ('<a href="https://a.example/?x={}">', '<a href="https://a.example/?x={}">'),
        ('<a href="https://a.example/">{}</a>', '<a href="https://a.example/">{}</a>'),
        ('<area href="{}">', '<area href="{}">'),
    ],
)
def test_an_anchor_of_a_theme_is_marked_whatever_its_form(written: str, resolved: str) -> None:
    placeholders = Placeholders("m123456")
    link = placeholders.tag(Expression("links.view", "recipient", "view"))
    html = resolve_html(written.format(link), placeholders)
    (tag,) = placeholders.tags()
    assert html == resolved.format(tag.key)
