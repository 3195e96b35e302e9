from hypothesis import given
from hypothesis import strategies as st

from mailer.staff.admin.ordering import Place, in_order


def stories(*wanted):
    """Stories that stand at 1, 2, 3 … and are wanted where it says."""
    return [Place(chr(96 + before), before, want) for before, want in enumerate(wanted, start=1)]


def test_a_story_moved_up_goes_before_the_one_that_stands_there():
    assert in_order(stories(1, 2, 3, 2)) == ["a", "d", "b", "c"]


def test_a_story_moved_down_goes_behind_the_one_that_stands_there():
    assert in_order(stories(3, 2, 3, 4)) == ["b", "c", "a", "d"]


def test_two_stories_change_places():
    assert in_order(stories(2, 1, 3)) == ["b", "a", "c"]


def test_a_story_without_a_position_goes_to_the_end():
    assert in_order([Place("new", None, None), *stories(1, 2)]) == ["a", "b", "new"]


def test_a_new_story_gets_the_position_it_asks_for():
    assert in_order([*stories(1, 2), Place("new", None, 2)]) == ["a", "new", "b"]


@given(st.lists(st.one_of(st.none(), st.integers(0, 30)), max_size=12))
def test_no_story_is_lost_or_doubled(wanted):
    places = stories(*wanted)
    assert sorted(in_order(places)) == [place.key for place in places]
