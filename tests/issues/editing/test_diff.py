"""What changed between two documents."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.issues.editing.diff import MOST_PAIRS, Part, difference, words_of
from tests.issues.editing.drafts import draft, story

BEFORE = draft(story(1), story(2), story(3), story(4))


def test_a_change_is_shown_word_by_word():
    parts = words_of("The fee rises in May.", "The fee falls in early May.")
    assert parts == (
        Part("same", "The fee "),
        Part("out", "rises"),
        Part("in", "falls"),
        Part("same", " in "),
        Part("in", "early "),
        Part("same", "May."),
    )


def test_in_chinese_each_character_is_a_word():
    assert words_of("经济增长", "经济下降") == (Part("same", "经济"), Part("out", "增长"), Part("in", "下降"))


@given(st.text(), st.text())
def test_both_texts_can_be_read_off(before, after):
    parts = words_of(before, after)
    assert "".join(part.text for part in parts if part.kind != "in") == before
    assert "".join(part.text for part in parts if part.kind != "out") == after


def test_texts_that_would_take_long_to_compare_are_shown_as_replaced():
    long = "a b " * int(MOST_PAIRS**0.5 / 2)
    assert [part.kind for part in words_of(long, long + "c")] == ["out", "in"]


def test_stories_that_came_went_moved_and_changed_are_told_apart():
    after = draft(story(4), story(1), story(3, body="New text"), story(9), subject="Other news")
    found = difference(BEFORE, after)
    assert [(one.key, one.before, one.after, one.moved) for one in found.stories] == [
        (4, 4, 1, True),
        (3, 3, 3, False),
        (9, None, 4, False),
        (2, 2, None, False),
    ]
    assert [change.where for change in found.fields] == ["subject"]
    assert found.summary == "subject; 1 story added, 1 removed, 1 changed, 1 moved"


def test_fields_are_named_in_words_and_topics_by_name():
    after = draft(story(1, topics=(1, 2), hidden=True, link_label="Go"), *BEFORE.stories[1:])
    [changed] = difference(BEFORE, after, {1: "Policy", 2: "Travel"}).stories
    assert [(one.where, one.parts) for one in changed.fields] == [
        ("link label", (Part("in", "Go"),)),
        ("topics", (Part("in", "Policy, Travel"),)),
        ("hidden", (Part("out", "no"), Part("in", "yes"))),
    ]


def test_nothing_changed_is_nothing():
    assert not difference(BEFORE, BEFORE)
    assert difference(BEFORE, BEFORE).summary == "nothing"


@pytest.mark.parametrize(("order", "moved"), [((2, 1, 3, 4), 1), ((4, 3, 2, 1), 3), ((2, 3, 4, 1), 1)])
def test_as_few_stories_as_can_be_have_moved(order, moved):
    after = replace(BEFORE, stories=tuple(BEFORE.story(key) for key in order))
    assert sum(one.moved for one in difference(BEFORE, after).stories) == moved
