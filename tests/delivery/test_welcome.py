"""The welcome issue: whoever confirms gets it, once for ever, and the ledger adds up at every moment."""

from contextlib import closing
from threading import Thread

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.delivery.audience import audience_of
from mailer.delivery.forecast.explain import explain
from mailer.delivery.models import Batch, Delivery, Edition, Exclusion, Link, Notice, Send
from mailer.delivery.plan import LintBlocks, plan
from mailer.delivery.progress import progress
from mailer.delivery.start import again, send_of
from mailer.delivery.steer import cancel, pause, resume
from mailer.delivery.submit import submit
from mailer.delivery.sweep import sweep
from mailer.delivery.welcome import NoWelcome, Welcomes, check_welcome_issue
from mailer.issues.models import Issue, Newsletter
from subscribers.leaving import leave
from subscribers.models import MailingList, Subscriber, Subscription, Suppression, Topic
from subscribers.signals import confirmed
from tests.newsroom import make_issue, next_issue, subscribe

pytestmark = pytest.mark.django_db


def welcoming(**fields: object) -> Issue:
    """The welcome issue of a newsletter of its own."""
    issue = make_issue(**fields)
    Newsletter.objects.filter(pk=issue.newsletter_id).update(welcome_issue=issue)
    return issue


def confirms(person: Subscriber, mailing_list: MailingList) -> None:
    """What a confirmation tells."""
    confirmed.send(sender=None, mailing_list_id=mailing_list.pk, subscriber_id=person.pk)


def comes(issue: Issue, address: str = "ada@example.org", **how: object) -> Subscriber:
    """Somebody new confirms."""
    mailing_list = issue.newsletter.mailing_list
    (person,) = subscribe(mailing_list, address, **how)
    confirms(person, mailing_list)
    return person


def rolling(issue: Issue) -> Send:
    """The send of a welcome issue."""
    return Send.objects.get(issue=issue)


def hand_over(issue: Issue) -> int:
    """Submit what waits of it. Returns how many requests were made."""
    waiting = Batch.objects.filter(send__issue=issue, state="waiting").values_list("id", flat=True)
    return sum(submit(batch_id) for batch_id in list(waiting))


def test_whoever_confirms_gets_it(inbox):
    issue = welcoming(subject="Welcome, {{ subscriber.first_name }}")
    comes(issue, "mei@example.org", first_name="梅")
    assert sweep() == 1
    assert hand_over(issue) == 1
    (message,) = inbox.messages(full=True)
    assert (message["to"], message["subject"]) == ("mei@example.org", "Welcome, 梅")
    assert "List-Unsubscribe" in message["headers"]
    now = progress(rolling(issue))
    assert (now.candidates, now.accepted, now.finished) == (1, 1, True)


def test_nobody_who_was_on_the_list_before_gets_it(inbox):
    issue = welcoming()
    subscribe(issue.newsletter.mailing_list, "old@example.org")
    comes(issue, "new@example.org")
    hand_over(issue)
    assert inbox.addresses() == ["new@example.org"]


def test_it_goes_out_once_however_often_somebody_confirms(inbox):
    issue = welcoming()
    person = comes(issue)
    confirms(person, issue.newsletter.mailing_list)
    hand_over(issue)
    confirms(person, issue.newsletter.mailing_list)
    leave(issue.newsletter.mailing_list_id, person.pk, source="test")
    Subscription.objects.update(state="active")
    confirms(person, issue.newsletter.mailing_list)
    assert hand_over(issue) == 0
    assert inbox.addresses() == ["ada@example.org"]
    assert progress(rolling(issue)).candidates == 1


def test_each_gets_the_stories_on_their_topics_in_one_send():
    issue = welcoming()
    comes(issue, "all@example.org")
    comes(issue, "ai@example.org", topics=["ai"])
    comes(issue, "also@example.org", topics=["ai"])
    send = rolling(issue)
    assert send.batches.count() == 3
    assert sorted(len(edition.story_ids) for edition in send.editions.all()) == [1, 3]
    assert Link.objects.filter(send=send, url__endswith="/ai").count() == 1


def test_whoever_chose_topics_without_a_story_is_left_out_and_gets_it_when_they_choose_others(inbox):
    issue = welcoming()
    Topic.objects.create(slug="sport", name="Sport")
    person = comes(issue, topics=["sport"])
    now = progress(rolling(issue))
    assert (now.candidates, now.excluded, now.adds_up) == (1, 1, True)
    assert Exclusion.objects.get().reason == "no_stories"

    Subscriber.objects.filter(pk=person.pk).update(topic_ids=[])
    confirms(person, issue.newsletter.mailing_list)
    hand_over(issue)
    now = progress(rolling(issue))
    assert (now.candidates, now.excluded, now.accepted, now.adds_up) == (1, 0, 1, True)
    assert inbox.addresses() == ["ada@example.org"]


def test_whoever_left_before_it_went_gets_it_when_they_come_back(inbox):
    issue = welcoming()
    mailing_list = issue.newsletter.mailing_list
    person = comes(issue)
    leave(mailing_list.pk, person.pk, source="test")
    assert hand_over(issue) == 0
    assert Exclusion.objects.get().reason == "unsubscribed"
    assert progress(rolling(issue)).adds_up

    Subscription.objects.update(state="active")
    confirms(person, mailing_list)
    assert hand_over(issue) == 1
    now = progress(rolling(issue))
    assert (now.candidates, now.excluded, now.accepted, now.adds_up) == (1, 0, 1, True)


def test_nobody_who_is_suppressed_gets_it(inbox):
    issue = welcoming()
    Suppression.objects.create(address="ada@example.org", reason="bounce")
    comes(issue)
    assert hand_over(issue) == 0
    assert inbox.messages() == []
    assert progress(rolling(issue)).excluded == 1


def test_a_pause_by_the_reader_and_their_cadence_do_not_keep_it_from_them(inbox):
    """It is no issue of the list's: the next issue goes out as if there were none."""
    issue = welcoming()
    person = comes(issue)
    hand_over(issue)
    Subscription.objects.filter(subscriber=person).update(cadence="monthly")
    following = next_issue(issue)
    send = send_of(following)
    assert plan(send).recipients == 1


def test_an_edited_issue_is_what_the_next_ones_get(inbox):
    issue = welcoming(subject="Welcome")
    comes(issue, "first@example.org")
    Issue.objects.filter(pk=issue.pk).update(subject="Welcome to all")
    comes(issue, "second@example.org")
    comes(issue, "third@example.org")
    Issue.objects.filter(pk=issue.pk).update(subject="Welcome")
    comes(issue, "fourth@example.org")
    hand_over(issue)
    subjects = {message["to"].partition("@")[0]: message["subject"] for message in inbox.messages()}
    assert subjects == {
        "first": "Welcome",
        "second": "Welcome to all",
        "third": "Welcome to all",
        "fourth": "Welcome",
    }
    assert [edition.variant for edition in Edition.objects.order_by("variant")] == [0, 1, 2]


def test_an_issue_that_cannot_be_sent_costs_no_confirmation_and_the_owner_is_told_once():
    issue = welcoming()
    Issue.objects.filter(pk=issue.pk).update(intro="{{ nobody.knows }}")
    comes(issue, "ada@example.org")
    comes(issue, "bob@example.org")
    assert progress(rolling(issue)).candidates == 0
    assert "cannot be sent" in Notice.objects.get(kind="welcome").text

    Issue.objects.filter(pk=issue.pk).update(intro="Dear reader,")
    comes(issue, "cy@example.org")
    assert progress(rolling(issue)).waiting == 1


def test_a_paused_one_waits_and_a_cancelled_one_takes_nobody_any_more(inbox):
    issue = welcoming()
    comes(issue, "first@example.org")
    send = rolling(issue)
    assert pause(send.pk, "wait")
    comes(issue, "second@example.org")
    assert hand_over(issue) == 0
    assert resume(send.pk)
    assert hand_over(issue) == 2
    assert cancel(send.pk, "enough")
    comes(issue, "third@example.org")
    now = progress(send)
    assert (now.candidates, now.accepted, now.adds_up) == (2, 2, True)


def test_it_waits_behind_the_ceiling_of_its_receiving_domain():
    issue = welcoming()
    Newsletter.objects.update(domain_ceilings={"gmail.com": 5})
    comes(issue, "ada@Gmail.com")
    comes(issue, "bob@example.org")
    assert sorted(Batch.objects.values_list("domain", flat=True)) == ["", "gmail.com"]


def test_it_is_sent_to_nobody_else():
    issue = welcoming()
    with pytest.raises(Welcomes, match="Nobody has confirmed yet"):
        send_of(issue)
    comes(issue)
    with pytest.raises(Welcomes, match=f"mailer report {rolling(issue).pk}"):
        again(issue)
    Newsletter.objects.update(welcome_issue=None)
    with pytest.raises(Welcomes, match="write a copy of it"):
        send_of(issue)


def test_whoever_has_not_confirmed_since_is_told_so():
    issue = welcoming()
    subscribe(issue.newsletter.mailing_list, "old@example.org")
    comes(issue)
    send = rolling(issue)
    assert str(audience_of(send)) == "whoever confirms"
    assert "has not confirmed a subscription since" in explain(send, "old@example.org").text
    assert explain(send, "ada@example.org").verdict == "will_get"


def test_an_issue_that_goes_to_the_list_cannot_welcome():
    issue = make_issue()
    check_welcome_issue(issue)
    send = send_of(issue)
    with pytest.raises(NoWelcome, match=f"send {send.pk}"):
        check_welcome_issue(issue)


def test_an_issue_that_the_checks_refuse_cannot_welcome():
    with pytest.raises(LintBlocks):
        check_welcome_issue(make_issue(intro="[a link](http://)"))


def test_another_welcome_issue_is_another_send(inbox):
    first = welcoming()
    person = comes(first)
    second = next_issue(first)
    Newsletter.objects.update(welcome_issue=second)
    comes(second, "bob@example.org")
    assert progress(rolling(first)).candidates == progress(rolling(second)).candidates == 1
    assert not Batch.objects.filter(send__issue=second, subscriber_ids=[person.pk]).exists()


def test_a_list_without_a_welcome_issue_welcomes_nobody():
    issue = make_issue()
    comes(issue)
    assert not Send.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_who_confirm_at_once_are_each_in_it_once():
    issue = welcoming()
    mailing_list = issue.newsletter.mailing_list
    people = subscribe(mailing_list, *(f"reader{n}@example.org" for n in range(4)))

    def confirm(person: Subscriber) -> None:
        with closing(connection):
            confirms(person, mailing_list)

    threads = [Thread(target=confirm, args=[person]) for person in people * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    now = progress(rolling(issue))
    assert (now.candidates, now.waiting, now.adds_up) == (4, 4, True)
    assert Batch.objects.count() == 4


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["confirm", "leave", "return", "suppress", "submit", "topics", "edit"]),
        st.integers(0, 2),
    ),
    max_size=14,
)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ACTS)
def test_whatever_happens_in_any_order_each_gets_it_at_most_once_and_the_ledger_adds_up(inbox, acts):
    issue = welcoming()
    mailing_list = issue.newsletter.mailing_list
    Topic.objects.get_or_create(slug="sport", defaults={"name": "Sport"})
    people = subscribe(mailing_list, *(f"{issue.pk}.{n}@example.org" for n in range(3)))
    before = len(inbox.messages())
    for act, n in acts:
        do(act, people[n], issue)
        send = Send.objects.filter(issue=issue).first()
        assert send is None or progress(send).adds_up
    got = [message["to"] for message in inbox.messages()][before:]
    assert len(got) == len(set(got))
    assert Delivery.objects.filter(send__issue=issue).count() == len(got)


def do(act: str, person: Subscriber, issue: Issue) -> None:
    """One thing that may happen."""
    subscription = Subscription.objects.filter(subscriber=person)
    match act:
        case "confirm":
            confirms(person, issue.newsletter.mailing_list)
        case "leave":
            leave(issue.newsletter.mailing_list_id, person.pk, source="test")
        case "return":
            subscription.update(state="active")
        case "suppress":
            Suppression.objects.get_or_create(address=person.email, reason="manual")
        case "submit":
            hand_over(issue)
        case "topics":
            sport = Topic.objects.get(slug="sport")
            chosen = Subscriber.objects.get(pk=person.pk).topic_ids
            Subscriber.objects.filter(pk=person.pk).update(topic_ids=[] if chosen else [sport.pk])
        case _:
            Issue.objects.filter(pk=issue.pk).update(subject=f"Welcome {timezone.now():%S%f}")
