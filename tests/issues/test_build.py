"""The builder: stories in, edition or all problems out."""

import dataclasses
import html
import re
from typing import Any

import pytest

from mailer.issues.builder.build import build
from mailer.issues.builder.content import BuildError, Problem
from mailer.issues.builder.personalise import personalise
from mailer.issues.builder.stories import select_stories
from tests.issues import sample
from tests.issues.dom import hrefs

THEMES = ("digest", "letter")


def problems(**changes: Any) -> tuple[Problem, ...]:
    with pytest.raises(BuildError) as failed:
        build(sample.issue(**changes))
    return failed.value.problems


@pytest.mark.parametrize("theme", THEMES)
def test_an_edition_carries_what_every_mail_must(theme: str) -> None:
    issue = sample.issue(newsletter=sample.newsletter(theme=theme))
    edition = build(issue)
    mail = personalise(edition, sample.RECIPIENT)
    assert '<html lang="en" dir="ltr"' in mail.html
    assert "<title>美林, TikTok, Tencent" in mail.html
    assert f"{issue.preheader}\u034f\u200c\u00a0" in html.unescape(mail.html)
    assert '<meta name="color-scheme" content="light dark" />' in mail.html
    assert "prefers-color-scheme:dark" in mail.html
    assert "[data-ogsc]" in mail.html
    assert ("PingFang SC" if theme == "digest" else "Songti SC") in mail.html
    assert "fonts.googleapis" not in mail.html
    for line in issue.newsletter.postal_address.split("\n"):
        assert line in mail.html
        assert line in mail.text
    for url in sample.RECIPIENT["links"].values():
        assert f'href="{html.escape(url)}" clicktracking="off"' in mail.html
        assert url in mail.text
    images = re.findall("<img [^>]*>", mail.html)
    assert len(images) == 2
    assert all('width="5' in image and 'alt="A ' in image for image in images)


def test_the_same_issue_gives_the_same_bytes() -> None:
    assert build(sample.issue()) == build(sample.issue())


def test_the_edition_holds_exactly_the_stories_given() -> None:
    stories = sample.issue().stories
    edition = build(sample.issue(stories=stories[1:]))
    assert edition.story_ids == (12, 13)
    assert stories[0].headline not in edition.html


def test_a_story_of_the_digest_costs_less_than_three_and_a_half_kilobytes() -> None:
    one, many = (
        build(sample.issue(stories=tuple(sample.story(id=number) for number in range(count))))
        for count in (1, 11)
    )
    assert (len(many.html.encode()) - len(one.html.encode())) / 10 < 3_500


def test_tracked_links_know_their_story_and_place() -> None:
    links = build(sample.issue()).links
    assert [link.position for link in links] == list(range(1, len(links) + 1))
    assert [link.story_id for link in links if "bytedance" in link.url] == [11]
    assert {link.story_id for link in links if link.url.endswith("/alipay")} == {13}
    assert links[-1].label == "Get the April report"
    assert links[-1].story_id is None
    assert not [link for link in links if "unsubscribe" in link.label.lower()]


def test_an_expression_about_the_issue_is_evaluated_at_once() -> None:
    edition = build(
        sample.issue(
            subject="No. {{ issue.number }} of {{ issue.date }}",
            intro="From {{ newsletter.name }} [here](https://a.example/?n={{ newsletter.name }})",
            newsletter=sample.newsletter(name="A *B* & <C>"),
        )
    )
    assert edition.subject == "No. 12 of 18 April 2023"
    assert "From A *B* &amp; &lt;C&gt;" in edition.html
    assert "?n=A%20%2AB%2A%20%26%20%3CC%3E" in edition.html
    assert "From A *B* & <C>" in edition.text


def test_a_tag_gets_one_key_for_each_context() -> None:
    edition = build(sample.issue(subject="{{ subscriber.plan }}", preheader="", stories=(sample.story(),)))
    assert {tag.context for tag in edition.tags if tag.expression == "subscriber.plan"} == {
        "subject",
        "html",
        "url",
    }
    mail = personalise(edition, sample.RECIPIENT)
    assert mail.subject == "gold"
    assert "https://www.example.org/report?plan=gold" in hrefs(mail.html)
    assert "https://www.example.org/report?plan=gold" in mail.text


def test_one_of_the_own_links_may_stand_in_a_text() -> None:
    mail = personalise(build(sample.issue(intro="[Leave]({{ links.unsubscribe }})")), sample.RECIPIENT)
    assert hrefs(mail.html).count(sample.RECIPIENT["links"]["unsubscribe"]) == 2
    assert "[1] https://news.example.org/u/abc?list=1&sig=xyz" in mail.text


@pytest.mark.parametrize("language", ["ar", "he-IL", "fa", "ur"])
@pytest.mark.parametrize("theme", THEMES)
def test_right_to_left_languages_are_set_from_the_right(theme: str, language: str) -> None:
    edition = build(sample.issue(newsletter=sample.newsletter(theme=theme, language=language)))
    assert f'<html lang="{language}" dir="rtl"' in edition.html
    assert "direction:ltr" not in edition.html
    assert "padding-right:22px" in edition.html


@pytest.mark.parametrize(
    ("language", "word", "date", "font"),
    [
        ("zh-Hans", "退订", "2023年4月18日", "PingFang SC"),
        ("zh-TW", "取消訂閱", "2023年4月18日", "PingFang TC"),
        ("ja", "配信停止", "2023年4月18日", "Hiragino Sans"),
        ("ko", "수신 거부", "2023년 4월 18일", "Malgun Gothic"),
        ("de-AT", "Abmelden", "18. April 2023", "PingFang SC"),
        ("fr", "Se désabonner", "18 avril 2023", "PingFang SC"),
        ("es", "Darse de baja", "18 de abril de 2023", "PingFang SC"),
        ("ar", "إلغاء الاشتراك", "18 أبريل 2023", "PingFang SC"),
        ("sv", "Unsubscribe", "18 April 2023", "PingFang SC"),
    ],
)
def test_the_fixed_words_speak_the_language_of_the_newsletter(
    language: str, word: str, date: str, font: str
) -> None:
    edition = build(sample.issue(newsletter=sample.newsletter(language=language)))
    for expected in (word, date):
        assert expected in edition.html
        assert expected in edition.text
    assert font in edition.html


def test_chinese_comes_through_in_every_part() -> None:
    mail = personalise(build(sample.issue()), sample.RECIPIENT)
    assert mail.subject.startswith("美林, ")
    for part in (mail.html, mail.text):
        assert "腾讯承诺支持黑龙江" in part
        assert "马化腾" in part


def test_the_text_part_is_written_from_the_stories() -> None:
    text = personalise(build(sample.issue()), sample.RECIPIENT).text
    assert "1. TikTok and Meta describe two different worlds\nPolicy\n" in text
    assert "its owner is ByteDance [1], and the data" in text
    assert "\n[1] https://stories.example.org/bytedance?from=digest&lang=en\n" in text
    assert "Read the story: https://stories.example.org/tencent?reader=mei.lin%40example.org" in text
    assert "- a forum of Heilongjiang and Guangdong\n- held in Shenzhen\n\n> Two provinces" in text
    assert "**" not in text
    assert "<" not in text


def test_numbered_and_nested_lists_keep_their_form_in_the_text_part() -> None:
    text = build(
        sample.issue(intro="3. three\n4. four\n   - inner\n   - more\n\n> quoted\n>\n> twice\n\n    code")
    ).text
    assert "3. three\n4. four\n   - inner\n   - more\n\n> quoted\n>\n> twice\n\ncode" in text


def test_a_link_that_shows_its_own_address_gets_no_note() -> None:
    text = build(
        sample.issue(intro="See <https://a.example/x> and [https://b.example/](https://b.example/).")
    ).text
    assert "See https://a.example/x and https://b.example/." in text


def test_an_issue_without_stories_is_a_problem() -> None:
    assert [problem.code for problem in problems(stories=())] == ["no_stories"]


def test_all_problems_are_listed_at_once_with_their_places() -> None:
    found = problems(
        newsletter=sample.newsletter(colour="red", language='e"n'),
        subject="{{ foo }}",
        intro="one\ntwo {{ subscriber.x() }}\n{% if x %}",
        stories=(
            sample.story(),
            sample.story(
                body="fine\n\n[a](javascript:alert)\n![b](https://c.example/d.png)",
                link="{{ subscriber.site }}",
            ),
        ),
        outro="{{ subscriber.first_name",
    )
    assert [(problem.code, problem.where) for problem in found] == [
        ("language", "newsletter"),
        ("colour", "newsletter"),
        ("tag_unknown", "subject"),
        ("tag_call", "intro, line 2"),
        ("tag_statement", "intro, line 3"),
        ("link_scheme", "story 2, body, line 3"),
        ("markdown_image", "story 2, body, line 4"),
        ("tag_in_host", "story 2, link"),
        ("tag_syntax", "outro, line 1"),
    ]


@pytest.mark.parametrize(
    "link",
    [
        "{{ subscriber.site }}",
        "https://{{ subscriber.site }}/",
        "https://a{{ subscriber.site }}",
        "{{ subscriber.scheme }}://a.example/",
        "/{{ subscriber.path }}",
        "{{ links.view }}/more",
        "https://a.example{{ subscriber.x }}/",
        "https://u:p@{{ subscriber.x }}/",
    ],
)
def test_a_tag_cannot_decide_where_a_link_goes(link: str) -> None:
    assert {problem.code for problem in problems(call_to_action_link=link)} == {"tag_in_host"}
    assert {problem.code for problem in problems(intro=f"[x](<{link}>)")} == {"tag_in_host"}


@pytest.mark.parametrize("theme", ["", "../digest", "base", "Digest", "no-such-theme"])
def test_an_unknown_theme_is_answered_with_those_that_are_there(theme: str) -> None:
    (problem,) = problems(newsletter=sample.newsletter(theme=theme))
    assert problem.code == "theme_unknown"
    assert "digest, letter" in problem.message


def test_whoever_chose_topics_gets_those_stories_and_the_ones_for_everyone() -> None:
    stories = sample.issue().stories
    assert [story.id for story in select_stories(stories, frozenset())] == [11, 12, 13]
    assert [story.id for story in select_stories(stories, frozenset({"Economy"}))] == [12, 13]
    assert [story.id for story in select_stories(stories, frozenset({"Sport"}))] == [13]
    nothing_for_all = [dataclasses.replace(story, for_everyone=False) for story in stories]
    assert select_stories(nothing_for_all, frozenset({"Sport"})) == ()
