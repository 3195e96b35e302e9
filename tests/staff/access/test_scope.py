"""What a role gives, and where."""

import pytest

from mailer.issues.models import Issue, Newsletter, Story
from mailer.staff.access.scope import lists_where, visible
from subscribers.models import Segment, Subscriber, Suppression, Topic
from tests.newsroom import make_issue, subscribe
from tests.roles import somebody

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours():
    return make_issue(suffix="ours")


@pytest.fixture
def theirs():
    return make_issue(suffix="theirs")


def test_somebody_without_a_role_may_nothing(ours):
    nobody = somebody()
    assert not nobody.has_perm("issues.view_issue")
    assert not nobody.has_perm("issues.view_issue", ours)
    assert not visible(nobody, "issues.view_issue", Issue.objects.all()).exists()


def test_a_role_at_one_newsletter_gives_nothing_at_another(ours, theirs):
    editor = somebody("editor", at=ours.newsletter)
    assert editor.has_perm("issues.change_issue", ours)
    assert not editor.has_perm("issues.change_issue", theirs)
    assert list(visible(editor, "issues.view_issue", Issue.objects.all())) == [ours]
    assert set(visible(editor, "issues.view_story", Story.objects.all())) == set(ours.stories.all())
    assert list(visible(editor, "issues.view_newsletter", Newsletter.objects.all())) == [ours.newsletter]


def test_a_role_at_all_newsletters_gives_it_at_each(ours, theirs):
    editor = somebody("editor")
    assert editor.has_perm("issues.change_issue", ours)
    assert editor.has_perm("issues.change_issue", theirs)


def test_people_are_seen_by_who_has_a_role_at_a_newsletter_of_their_lists(ours, theirs):
    [anna] = subscribe(ours.newsletter.mailing_list, "anna@example.org")
    [ben] = subscribe(theirs.newsletter.mailing_list, "ben@example.org")
    marketer = somebody("marketer", at=ours.newsletter)
    assert list(visible(marketer, "subscribers.view_subscriber", Subscriber.objects.all())) == [anna]
    assert marketer.has_perm("subscribers.change_subscriber", anna)
    assert not marketer.has_perm("subscribers.change_subscriber", ben)
    assert lists_where(marketer, "subscribers.view_subscriber") == {ours.newsletter.mailing_list_id}
    assert lists_where(somebody("marketer"), "subscribers.view_subscriber") is None


def test_what_belongs_to_no_newsletter_takes_a_role_at_all_of_them(ours):
    suppression = Suppression.objects.create(address="bad@example.org", reason="bounce")
    one, every = somebody("administrator", at=ours.newsletter), somebody("administrator")
    for right in (
        "auth.change_user",
        "staff.add_role",
        "subscribers.view_suppression",
        "issues.add_newsletter",
    ):
        assert every.has_perm(right)
        assert not one.has_perm(right)
    assert every.has_perm("subscribers.lift_suppression", suppression)
    assert not one.has_perm("subscribers.lift_suppression", suppression)


def test_segments_and_topics_are_shared(ours):
    segment = Segment.objects.create(
        slug="asia", name="Asia", rule={"version": 1, "field": "country", "is": "SG"}
    )
    marketer = somebody("marketer", at=ours.newsletter)
    assert marketer.has_perm("subscribers.change_segment", segment)
    assert visible(marketer, "subscribers.view_topic", Topic.objects.all()).count() == 3


def test_who_is_not_active_may_nothing(ours):
    left = somebody("administrator")
    left.is_active = False
    assert not left.has_perm("issues.view_issue", ours)


def test_only_who_approves_answers_approvals(ours):
    assert somebody("approver").has_perm("delivery.answer_approval", ours)
    for role in ("editor", "marketer", "reader"):
        assert not somebody(role).has_perm("delivery.answer_approval", ours)
