"""Going back to a version, beginning new issues and copying them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from mailer.issues.editing.create import copy_issue, new_issue, next_date, pattern
from mailer.issues.editing.duplicate import NoSuchStory, duplicate_story
from mailer.issues.editing.restore import NoSuchVersion, restore
from mailer.issues.editing.rows import document_of
from mailer.issues.editing.save import Wanted, save
from mailer.issues.models import Issue, Story, Version
from tests.newsroom import make_issue, next_issue

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 11, 30)


@pytest.fixture
def issue():
    return make_issue(intro="Dear {{ subscriber.first_name }},\n\nthis week it rains.", outro="Bye")


@pytest.fixture
def anna():
    return User.objects.create_user("anna")


def now(issue):
    issue.refresh_from_db()
    return document_of(issue)


def test_a_version_is_restored_as_a_new_revision(issue, anna):
    first = now(issue)
    changed = replace(first, subject="Changed", stories=(first.stories[1],))
    save(issue.pk, Wanted(1, changed), anna)
    saved = restore(issue.pk, 1, anna)
    assert saved.revision == 3
    assert now(issue) == first
    assert Version.objects.get(revision=3).why == "Restored from revision 1"
    back = restore(issue.pk, 2, anna)
    assert (back.revision, now(issue)) == (4, changed)
    assert restore(issue.pk, 2, anna).changed is False


def test_a_story_that_stands_elsewhere_by_now_is_copied_and_stays_there(issue, anna):
    first = now(issue)
    moved = first.stories[0].id
    other = next_issue(issue)
    save(issue.pk, Wanted(1, replace(first, stories=first.stories[1:])), anna)
    Story.objects.create(pk=moved, issue=other, position=9, headline="In another issue", body="")
    restored = restore(issue.pk, 1, anna).document
    assert [one.headline for one in restored.stories] == [one.headline for one in first.stories]
    assert Story.objects.get(pk=moved).issue == other


def test_a_number_that_another_issue_has_by_now_is_not_taken_back(issue, anna):
    save(issue.pk, Wanted(1, replace(now(issue), number=5)), anna)
    Issue.objects.create(newsletter=issue.newsletter, number=1, date=MONDAY, subject="Another")
    assert restore(issue.pk, 1, anna).document.number == 5


def test_a_version_that_is_not_kept_is_named(issue, anna):
    with pytest.raises(NoSuchVersion, match="revision 9"):
        restore(issue.pk, 9, anna)


def test_a_new_issue_takes_over_what_is_said_every_time_and_no_stories(issue, anna):
    Issue.objects.filter(pk=issue.pk).update(
        call_to_action_label="Join", call_to_action_link="https://j.example"
    )
    last = next_issue(
        issue, intro="Dear {{ subscriber.first_name }},\n\nthis week it snows.", outro="See you"
    )
    begun = new_issue(issue.newsletter, anna, like_last=True)
    assert (begun.number, begun.subject, begun.intro) == (3, "", "Dear {{ subscriber.first_name }},")
    assert (begun.outro, begun.call_to_action_label) == ("See you", "")
    assert begun.stories.count() == 0
    version = Version.objects.get(issue=begun)
    assert (version.revision, version.by, version.why) == (1, anna, f"Begun from {last}")


def test_an_empty_issue_is_empty_and_a_welcome_issue_is_no_pattern(issue, anna):
    empty = new_issue(issue.newsletter, anna, like_last=False)
    assert (empty.number, empty.intro, empty.outro) == (2, "", "")
    empty.delete()
    issue.newsletter.welcome_issue = issue
    issue.newsletter.save()
    begun = new_issue(issue.newsletter, anna, like_last=True)
    assert (begun.number, begun.outro) == (2, "")


def test_a_copy_has_all_of_an_issue_under_the_next_number(issue, anna):
    Story.objects.filter(issue=issue, position=2).update(hidden=True)
    copy = copy_issue(issue, anna)
    original, copied = now(issue), now(copy)
    assert copied.number == 2
    assert [replace(one, id=0) for one in copied.stories] == [replace(one, id=0) for one in original.stories]
    assert set(copied.keys).isdisjoint(original.keys)
    same = {"number": 1, "date": original.date, "stories": original.stories}
    assert replace(copied, **same) == original


def test_a_story_is_doubled_behind_itself(issue, anna):
    first, *rest = now(issue).stories
    saved = duplicate_story(issue.pk, first.id, anna)
    [copied] = saved.ids.values()
    assert now(issue).keys == (first.id, copied, *(one.id for one in rest))
    assert replace(now(issue).story(copied), id=first.id) == first
    with pytest.raises(NoSuchStory):
        duplicate_story(issue.pk, 10**9, anna)


def test_the_pattern_of_an_intro_is_what_it_shares_with_the_one_before():
    assert pattern("Dear all,\n\nnew\n\nYours", "Dear all,\n\nold\n\nYours") == "Dear all,\n\nYours"
    assert pattern("Dear all,\n\nnew", "Hello") == ""


@pytest.mark.parametrize(
    ("dates", "today", "expected"),
    [
        ([], MONDAY, MONDAY),
        ([MONDAY], MONDAY, date(2026, 12, 7)),
        # The last came a day late, because of a holiday.
        (
            [date(2026, 12, 1), date(2026, 11, 23), date(2026, 11, 16), date(2026, 11, 9)],
            MONDAY,
            date(2026, 12, 7),
        ),
        # Every second Monday.
        ([MONDAY, date(2026, 11, 16), date(2026, 11, 2)], MONDAY, date(2026, 12, 14)),
        # On working days: after Friday comes Monday.
        ([date(2026, 11, 27) - timedelta(n) for n in (0, 1, 2, 3, 4)], date(2026, 11, 27), MONDAY),
        # It paused in summer.
        ([date(2026, 6, 15), date(2026, 6, 8), date(2026, 6, 1)], date(2026, 9, 3), date(2026, 9, 7)),
        # The one before is years ago: that is no rhythm.
        ([MONDAY, date(2023, 4, 24)], MONDAY, date(2026, 12, 7)),
    ],
)
def test_the_next_issue_comes_on_the_usual_day(dates, today, expected):
    assert next_date(dates, today) == expected


@given(
    st.lists(st.dates(date(2020, 1, 1), date(2030, 1, 1)), max_size=9),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
def test_the_next_issue_comes_after_the_last_and_not_on_a_day_that_is_over(dates, today):
    found = next_date(dates, today)
    assert found >= today
    assert not dates or found > max(dates)
