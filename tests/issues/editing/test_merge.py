"""Two editors change one document: what each changed alone is kept, and nothing is lost without a conflict."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mailer.issues.editing.document import STORY_FIELDS
from mailer.issues.editing.merge import merge
from tests.issues.editing.drafts import draft, story

BASE = draft(story(1), story(2), story(3), intro="Dear all", outro="Bye")
TEXTS = ("headline", "body", "link", "link_label", "image", "image_alt")


def fields_of(merged):
    return [conflict.field for conflict in merged.conflicts]


def with_story(document, key, **changed):
    stories = tuple(replace(one, **changed) if one.id == key else one for one in document.stories)
    return replace(document, stories=stories)


def in_order(document, *keys):
    return replace(document, stories=tuple(document.story(key) for key in keys))


def test_different_fields_of_one_story_merge():
    mine, theirs = with_story(BASE, 2, body="Mine"), with_story(BASE, 2, headline="Theirs")
    merged = merge(BASE, mine, theirs)
    assert not merged.conflicts
    assert merged.document == with_story(with_story(BASE, 2, body="Mine"), 2, headline="Theirs")


def test_one_field_that_both_changed_is_a_conflict_with_all_three_values():
    merged = merge(BASE, with_story(BASE, 2, body="Mine"), with_story(BASE, 2, body="Theirs"))
    [conflict] = merged.conflicts
    assert (conflict.where, conflict.field, conflict.story) == ("story 2, body", "stories.2.body", 2)
    assert (conflict.base, conflict.mine, conflict.theirs) == ("Text", "Mine", "Theirs")
    assert merged.document.story(2).body == "Theirs"


def test_the_same_change_twice_is_no_conflict():
    both = replace(BASE, subject="Both")
    assert merge(BASE, both, both).conflicts == ()


def test_a_story_that_one_deleted_and_the_other_left_alone_is_gone():
    merged = merge(BASE, in_order(BASE, 1, 3), replace(BASE, subject="Theirs"))
    assert (merged.conflicts, merged.document.keys) == ((), (1, 3))


def test_a_story_that_one_deleted_and_the_other_changed_is_a_conflict():
    changed = with_story(BASE, 2, body="Changed")
    merged = merge(BASE, in_order(BASE, 1, 3), changed)
    assert [(one.field, one.mine) for one in merged.conflicts] == [("stories.2", None)]
    assert merged.document.story(2).body == "Changed"
    merged = merge(BASE, changed, in_order(BASE, 1, 3))
    assert [(one.field, one.theirs) for one in merged.conflicts] == [("stories.2", None)]


def test_a_story_that_one_moved_to_the_backlog_and_the_other_changed_is_no_conflict():
    merged = merge(BASE, in_order(BASE, 1, 3), with_story(BASE, 2, body="Changed"), moved_out={2})
    assert (merged.conflicts, merged.document.keys) == ((), (1, 3))


def test_what_both_added_is_there_where_each_put_it():
    mine = replace(BASE, stories=(BASE.stories[0], story("new-1"), *BASE.stories[1:]))
    theirs = replace(BASE, stories=(*BASE.stories, story(9)))
    assert merge(BASE, mine, theirs).document.keys == (1, "new-1", 2, 3, 9)


def test_an_order_that_one_changed_takes_along_what_the_other_added():
    mine = in_order(BASE, 3, 1, 2)
    theirs = replace(BASE, stories=(*BASE.stories[:2], story(9), BASE.stories[2]))
    merged = merge(BASE, mine, theirs)
    assert (merged.conflicts, merged.document.keys) == ((), (3, 1, 2, 9))


def test_an_order_that_both_changed_is_a_conflict():
    merged = merge(BASE, in_order(BASE, 3, 1, 2), in_order(BASE, 2, 1, 3))
    [conflict] = merged.conflicts
    assert (conflict.field, conflict.mine, conflict.theirs) == ("stories", [3, 1, 2], [2, 1, 3])


def test_where_nobody_knows_what_both_started_from_every_difference_is_a_conflict():
    mine = replace(
        with_story(BASE, 1, body="Mine"), stories=(story(1, body="Mine"), story(2), story("new-1"))
    )
    assert fields_of(merge(None, mine, BASE)) == ["stories.1.body", "stories.3"]


words = st.sampled_from(["", "a", "b", "c"])
stories = st.builds(story, st.integers(1, 6), **dict.fromkeys(TEXTS, words), hidden=st.booleans())
documents = st.builds(
    lambda found, **fields: draft(*found, **fields),
    st.lists(stories, max_size=6, unique_by=lambda one: one.id),
    subject=words,
    intro=words,
    outro=words,
)


@given(documents)
def test_nothing_changed_merges_to_itself(document):
    assert merge(document, document, document) == merge(None, document, document)
    assert merge(document, document, document).document == document


@given(documents, documents)
def test_whoever_changes_alone_is_taken_as_they_are(base, changed):
    for merged in (merge(base, changed, base), merge(base, base, changed)):
        assert merged.conflicts == ()
        assert merged.document == changed


@given(documents, st.dictionaries(st.sampled_from(TEXTS), words), st.data())
def test_disjoint_changes_of_fields_lose_nothing(base, wanted, data):
    """Each field of each story, and each of the issue, is changed by one of the two at most."""
    mine = theirs = base
    expected = base
    for key in base.keys:
        for name, value in wanted.items():
            who = data.draw(st.sampled_from(["mine", "theirs", "nobody"]))
            if who == "mine":
                mine = with_story(mine, key, **{name: value})
            elif who == "theirs":
                theirs = with_story(theirs, key, **{name: value})
            if who != "nobody":
                expected = with_story(expected, key, **{name: value})
    merged = merge(base, replace(mine, subject="mine"), replace(theirs, intro="theirs"))
    assert merged.conflicts == ()
    assert merged.document == replace(expected, subject="mine", intro="theirs")


@given(documents, documents, documents)
def test_every_value_of_either_is_in_the_result_or_in_a_conflict(base, mine, theirs):
    merged = merge(base, mine, theirs)
    conflicting = set(fields_of(merged))
    assert len(set(merged.document.keys)) == len(merged.document.keys)
    for one in (mine, theirs):
        for there in one.stories:
            other = theirs if one is mine else mine
            deleted = there.id in base.keys and there.id not in other.keys
            path = f"stories.{there.id}"
            if deleted:
                assert path in conflicting or there == base.story(there.id)
                continue
            kept = merged.document.story(there.id)
            was, others = base.story(there.id), other.story(there.id)
            for name in STORY_FIELDS:
                value = getattr(there, name)
                changed = was is None or value != getattr(was, name)
                if changed and getattr(kept, name) != value:
                    assert f"{path}.{name}" in conflicting
                if changed and others and getattr(others, name) == value:
                    assert f"{path}.{name}" not in conflicting


@given(documents, st.permutations(range(1, 7)), st.permutations(range(1, 7)))
def test_no_order_loses_or_doubles_a_story(base, one, other):
    mine = in_order(base, *(key for key in one if key in base.keys))
    theirs = in_order(base, *(key for key in other if key in base.keys))
    merged = merge(base, mine, theirs)
    assert sorted(merged.document.keys) == sorted(base.keys)
    if not merged.conflicts:
        assert merged.document.keys in (mine.keys, theirs.keys)
