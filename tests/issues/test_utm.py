"""UTM parameters: on which links they are, and that nothing else in a link changes."""

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from mailer.issues.builder.build import build
from mailer.issues.builder.content import BuildError, Edition, Utm
from mailer.issues.builder.personalise import personalise
from mailer.issues.builder.utm import UtmLinks, problem_of
from mailer.issues.content import content_of
from mailer.issues.lint import lint
from mailer.issues.models import Issue
from tests.issues import sample
from tests.newsroom import make_issue

UTM = Utm("digest", "email", "{newsletter}-{issue}-{date}", "story-{story}")
SHARED = "utm_source=digest&utm_medium=email&utm_campaign=weekly-12-2023-04-18"
LINKS = UtmLinks(Utm("digest", "email"), {})
ADDED = "utm_source=digest&utm_medium=email"


def built(utm: Utm = UTM, theme: str = "digest", **changes: object) -> Edition:
    return build(sample.issue(newsletter=sample.newsletter(slug="weekly", utm=utm, theme=theme), **changes))


@pytest.mark.parametrize(
    ("url", "tagged"),
    [
        ("https://a.example", f"https://a.example?{ADDED}"),
        ("https://a.example/x/", f"https://a.example/x/?{ADDED}"),
        ("HTTP://a.example/?q=1", f"HTTP://a.example/?q=1&{ADDED}"),
        ("https://a.example/?", f"https://a.example/?{ADDED}"),
        ("https://a.example/?q=1&", f"https://a.example/?q=1&{ADDED}"),
        ("https://a.example/#part", f"https://a.example/?{ADDED}#part"),
        ("https://a.example/#/route?x=1", f"https://a.example/?{ADDED}#/route?x=1"),
        ("https://a.example/?q=a%26b&r=ä b#?", f"https://a.example/?q=a%26b&r=ä b&{ADDED}#?"),
        ("https://例え.テスト/パス?名=値", f"https://例え.テスト/パス?名=値&{ADDED}"),
        ("https://user:word@a.example:8443/x", f"https://user:word@a.example:8443/x?{ADDED}"),
        ("https://[2001:db8::1]/x", f"https://[2001:db8::1]/x?{ADDED}"),
        ("https://a.example/?n=m123456000g#m123456001g", f"https://a.example/?n=m123456000g&{ADDED}#m123456001g"),
        ("https://a.example/?utm_source=own", "https://a.example/?utm_source=own&utm_medium=email"),
        ("https://a.example/?utm%5Fsource=own&utm_medium", "https://a.example/?utm%5Fsource=own&utm_medium"),
        ("https://a.example/?a=1;utm_source=own", "https://a.example/?a=1;utm_source=own&utm_medium=email"),
        ("https://a.example/?x=utm_source=1", f"https://a.example/?x=utm_source=1&{ADDED}"),
        ("mailto:a@example.org?subject=x", "mailto:a@example.org?subject=x"),
        ("tel:+6512345678", "tel:+6512345678"),
        ("m123456000g", "m123456000g"),
        ("/relative", "/relative"),
        ("https:///nowhere", "https:///nowhere"),
        ("", ""),
    ],
)  # fmt: skip
def test_only_what_is_missing_is_added_and_nothing_else_changes(url: str, tagged: str) -> None:
    assert LINKS.add(url) == tagged


@given(
    st.text(alphabet="aZ0-._~%/é世", max_size=10),
    st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6)), max_size=4),
    st.none() | st.text(alphabet="aZ0/?=&é", max_size=10),
)
def test_path_query_and_fragment_of_any_address_stay(
    path: str, query: list[tuple[str, str]], fragment: str | None
) -> None:
    written = "&".join(re.sub(r"[#&;\s\x00-\x1f]", "", f"{name}={value}") for name, value in query)
    url = f"https://a.example/{path}"
    url += f"?{written}" if query else ""
    url += f"#{fragment}" if fragment is not None else ""
    tagged = LINKS.add(url)
    before, after = urlsplit(url), urlsplit(tagged)
    assert (after.scheme, after.netloc, after.path, after.fragment) == (*before[:3], before.fragment)
    assert after.query.startswith(before.query)
    found = dict(parse_qsl(after.query[len(before.query) :]))
    assert set(found) <= {"utm_source", "utm_medium"}
    assert LINKS.add(tagged) == tagged


@given(st.text(max_size=40))
def test_any_text_can_be_given_and_adding_twice_is_adding_once(url: str) -> None:
    once = LINKS.add(url)
    assert LINKS.add(once) == once
    assert UtmLinks(Utm(), {}).add(url) == url


@given(st.sampled_from(["source", "medium", "campaign", "content"]), st.text(max_size=20))
def test_what_a_setting_may_hold_stands_in_a_query_and_nothing_else_passes(name: str, written: str) -> None:
    if problem_of(name, written) == "" and written:
        link = UtmLinks(
            Utm(**{"source": "s", name: written}), {"newsletter": "n", "issue": "1", "date": "2026-01-02"}
        ).add("https://a.example/", 3)
        assert re.fullmatch(r"https://a\.example/\?(utm_[a-z]+=[A-Za-z0-9._~%-]+&?)+", link)


@pytest.mark.parametrize("theme", ["digest", "letter"])
def test_every_link_of_html_and_text_has_them_with_the_number_of_its_story(theme: str) -> None:
    edition = built(theme=theme, outro="[Tea](https://tea.example/#hot) and <https://bare.example/x>")
    by_story = {11: "1", 12: "2", 13: "3"}
    assert len(edition.links) >= 6
    for link in edition.links:
        content = f"&utm_content=story-{by_story[link.story_id]}" if link.story_id else ""
        assert re.search(rf"[?&]{SHARED}{content}(#|$)", link.url), link.url
    assert f"https://tea.example/?{SHARED}#hot" in edition.text
    # An address that is its own label is written once.
    assert edition.text.count("bare.example") == 1
    assert f"https://bare.example/x?{SHARED}" in edition.text
    assert f"https://stories.example.org/alipay?{SHARED}&utm_content=story-3" in edition.text


def test_merge_tags_in_links_and_readers_own_links_stay_right() -> None:
    mail = personalise(built(outro="[Own]({{ links.view }})"), sample.RECIPIENT)
    assert f"tencent?reader=mei.lin%40example.org&amp;{SHARED.replace('&', '&amp;')}" in mail.html
    assert 'href="https://news.example.org/v/abc"' in mail.html
    assert "https://news.example.org/p/abc\n" in mail.text
    for part in (mail.html, mail.text):
        assert not re.search(r"news\.example\.org[^\s\"]*utm_", part)


def test_a_story_keeps_its_number_in_an_edition_without_the_stories_before_it() -> None:
    edition = built(stories=(sample.story(position=5),))
    assert "utm_content=story-5" in edition.text


def test_without_a_source_nothing_is_added() -> None:
    assert "utm_" not in built(Utm(medium="email", campaign="x")).html
    assert "utm_" not in built(Utm()).text


def test_the_lint_has_nothing_to_say() -> None:
    issue = sample.issue(newsletter=sample.newsletter(slug="weekly", utm=UTM))
    plain = sample.issue(newsletter=sample.newsletter(slug="weekly"))
    assert [finding.code for finding in lint(issue, build(issue))] == [
        finding.code for finding in lint(plain, build(plain))
    ]


WRONG = [
    ("source", "{issue}", "may hold no placeholder"),
    ("campaign", "{number}", "{newsletter} and {issue} and {date}"),
    ("content", "{issue}", "may hold {story}"),
    ("campaign", "a-{issue", "brace that belongs to no placeholder"),
    ("medium", "e mail", "cannot hold a space"),
    ("medium", "a&b", "cannot hold &"),
    ("campaign", "{{ issue.number }}", "brace"),
]


@pytest.mark.parametrize(("name", "written", "says"), WRONG)
def test_a_wrong_setting_says_what_to_write(name: str, written: str, says: str) -> None:
    assert says in problem_of(name, written)
    with pytest.raises(BuildError) as found:
        built(Utm(**{"source": "s", name: written}))
    assert [(problem.code, problem.where) for problem in found.value.problems] == [
        ("utm", f"newsletter, utm_{name}")
    ]


@pytest.mark.django_db
def test_settings_come_from_the_newsletter_and_are_checked_there() -> None:
    newsletter = make_issue(suffix="utm").newsletter
    newsletter.utm_source, newsletter.utm_campaign = "a b", "{newsletter}-{issue}"
    with pytest.raises(ValidationError) as found:
        newsletter.full_clean()
    assert list(found.value.message_dict) == ["utm_source"]
    newsletter.utm_source = ""
    with pytest.raises(ValidationError, match="Write utm_source too"):
        newsletter.full_clean()
    newsletter.utm_source = "digest"
    newsletter.full_clean()
    newsletter.save()
    edition = build(content_of(Issue.objects.get(newsletter=newsletter)))
    assert edition.links[0].url.endswith("?utm_source=digest&utm_campaign=weekly-utm-1")
