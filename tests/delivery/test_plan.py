"""Who gets an issue and who does not: the plan of a send."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailer.delivery.models import Batch, Exclusion
from mailer.delivery.plan import LintBlocks, plan
from mailer.delivery.progress import progress
from mailer.delivery.start import discard, send_of
from mailer.issues.builder.content import BuildError
from subscribers.models import Subscription, Suppression
from tests.newsroom import crowd, make_issue, planned_for, subscribe

pytestmark = pytest.mark.django_db


def reasons(send):
    return dict(Exclusion.objects.filter(send=send).values_list("subscriber__email", "reason"))


def test_everyone_active_on_the_list_gets_it_and_nobody_else():
    issue = make_issue()
    people = crowd(issue.newsletter.mailing_list, 5)
    crowd(make_issue().newsletter.mailing_list, 3)
    send = send_of(issue)
    planned = plan(send)
    assert (planned.candidates, planned.recipients, planned.excluded) == (5, 5, 0)
    assert set(planned_for(send)) == {person.email for person in people}


def test_each_candidate_who_gets_nothing_has_one_reason():
    issue = make_issue()
    mailing_list = issue.newsletter.mailing_list
    subscribe(mailing_list, "reader@example.org")
    subscribe(mailing_list, "pending@example.org", state="pending")
    subscribe(mailing_list, "gone@example.org", "Gone.And.Bounced@example.org", state="unsubscribed")
    subscribe(mailing_list, "Dead@example.org", "angry@example.org", "paused@example.org", "back@example.org")
    Suppression.objects.create(address="dead@example.org", reason="bounce")
    Suppression.objects.create(address="gone.and.bounced@example.org", reason="bounce")
    Suppression.objects.create(address="angry@example.org", reason="manual")
    Suppression.objects.create(address="angry@example.org", reason="complaint")
    today = timezone.now().date()
    for email, until in (("paused@example.org", today + timedelta(days=9)), ("back@example.org", today)):
        Subscription.objects.filter(subscriber__email=email).update(paused_until=until)
    send = send_of(issue)
    planned = plan(send)
    assert reasons(send) == {
        "pending@example.org": "unconfirmed",
        "gone@example.org": "unsubscribed",
        "Gone.And.Bounced@example.org": "bounce",
        "Dead@example.org": "bounce",
        "angry@example.org": "complaint",
        "paused@example.org": "paused",
    }
    assert planned.recipients == 2
    assert progress(send).adds_up


def test_topics_choose_the_edition_and_no_topic_means_all():
    issue = make_issue()
    mailing_list = issue.newsletter.mailing_list
    subscribe(mailing_list, "all@example.org")
    subscribe(mailing_list, "ai@example.org", "ai2@example.org", topics=["ai"])
    subscribe(mailing_list, "two@example.org", topics=["ai", "travel"])
    send = send_of(issue)
    planned = plan(send)
    got = {
        email: [
            story["headline"]
            for story in batch.edition.send.issue.stories.values("headline", "id")
            if story["id"] in batch.edition.story_ids
        ]
        for email, batch in planned_for(send).items()
    }
    assert planned.editions == 3
    assert got["all@example.org"] == ["News about ai", "News about policy", "News about travel"]
    assert got["ai@example.org"] == got["ai2@example.org"] == ["News about ai"]
    assert got["two@example.org"] == ["News about ai", "News about travel"]


def test_who_chose_only_topics_without_stories_is_left_out_unless_a_story_is_for_everyone():
    issue = make_issue(topics=["ai", "policy"])
    make_issue(topics=["travel"])
    subscribe(issue.newsletter.mailing_list, "traveller@example.org", topics=["travel"])
    send = send_of(issue)
    plan(send)
    assert reasons(send) == {"traveller@example.org": "no_stories"}

    assert discard(send)
    issue.stories.filter(position=2).update(for_everyone=True)
    send = send_of(issue)
    assert plan(send).recipients == 1
    assert reasons(send) == {}


def test_two_sets_of_topics_that_lead_to_the_same_stories_share_an_edition():
    issue = make_issue(topics=["ai"])
    make_issue(topics=["policy"])
    subscribe(issue.newsletter.mailing_list, "a@example.org", topics=["ai"])
    subscribe(issue.newsletter.mailing_list, "b@example.org", topics=["ai", "policy"])
    subscribe(issue.newsletter.mailing_list, "c@example.org")
    planned = plan(send_of(issue))
    assert (planned.editions, planned.batches) == (1, 1)


def test_batches_hold_at_most_a_thousand_of_one_edition():
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, 2001)
    crowd(issue.newsletter.mailing_list, 10, topics=["ai"])
    plan(send_of(issue))
    assert sorted(Batch.objects.values_list("size", flat=True)) == [1, 10, 1000, 1000]
    everyone = [number for batch in Batch.objects.all() for number in batch.subscriber_ids]
    assert len(set(everyone)) == len(everyone) == 2_011


def test_planning_again_changes_nothing():
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, 3)
    send = send_of(issue)
    first = plan(send)
    crowd(issue.newsletter.mailing_list, 3)
    assert plan(send_of(issue)) == first
    assert sum(Batch.objects.values_list("size", flat=True)) == 3


def test_an_issue_that_the_checks_block_is_not_planned():
    issue = make_issue(subject="")
    crowd(issue.newsletter.mailing_list, 2)
    send = send_of(issue)
    with pytest.raises(LintBlocks, match="subject"):
        plan(send)
    assert not Batch.objects.exists()
    assert progress(send).candidates == 0


def test_an_issue_that_cannot_be_built_is_not_planned():
    issue = make_issue(intro="{{ subscriber.first_name")
    crowd(issue.newsletter.mailing_list, 2)
    with pytest.raises(BuildError):
        plan(send_of(issue))
    assert not Batch.objects.exists()


def test_an_empty_list_is_planned_and_has_nothing_to_do():
    send = send_of(make_issue())
    assert plan(send).recipients == 0
    assert progress(send).finished
