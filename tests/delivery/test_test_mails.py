"""Test mails: seen in the inbox as their reader would see them, and nowhere else."""

from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command

from mailer.delivery.models import Batch, Delivery, Submission
from mailer.delivery.testing.addresses import read_addresses
from mailer.delivery.testing.errors import BadTestMail, TooManyTests
from mailer.delivery.testing.limit import MOST, count_test
from mailer.delivery.testing.lists import find_list, keep_list
from mailer.delivery.testing.post import Came, send_test
from mailer.delivery.testing.seen_as import a_person, an_example, with_topics
from mailer.tracking.reading import read
from subscribers.models import Suppression, Topic
from tests.delivery.test_submit import one_batch
from tests.newsroom import make_issue, subscribe

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue():
    return make_issue()


def test_it_says_that_it_is_one_and_is_tracked_nowhere(inbox, issue):
    outcome = send_test(issue, an_example(), ["me@example.org", "you@example.org"])
    assert (outcome.came, outcome.to) == (Came.ACCEPTED, ("me@example.org", "you@example.org"))
    assert inbox.addresses() == list(outcome.to)
    [message, _] = inbox.messages(full=True)
    assert message["subject"] == "[Test] Ada, your week"
    assert "News about ai" in message["html"]
    assert not Batch.objects.exists()
    assert not Submission.objects.exists()
    assert not Delivery.objects.exists()


def test_it_is_sent_as_somebody_with_some_topics_sees_it(inbox, issue):
    topic = Topic.objects.get(slug="policy")
    send_test(issue, with_topics([topic.pk]), ["me@example.org"])
    [message] = inbox.messages(full=True)
    assert "News about policy" in message["html"]
    assert "News about ai" not in message["html"]


def test_it_is_sent_as_a_person_sees_it_without_links_of_theirs(inbox, issue):
    [anna] = subscribe(
        issue.newsletter.mailing_list, "anna@example.org", topics=["travel"], first_name="Anna"
    )
    send_test(issue, a_person(anna), ["me@example.org"])
    [message] = inbox.messages(full=True)
    assert message["subject"] == "[Test] Anna, your week"
    assert "News about travel" in message["text"]
    assert "News about ai" not in message["text"]
    for part in (message["html"], message["text"]):
        assert not any(f"/{path}/" in part.replace("//", "") for path in ("u", "p", "v"))
        assert "#preview" in part
    assert inbox.addresses() == ["me@example.org"]


def test_who_has_nothing_to_read_gets_no_test(inbox, issue):
    [anna] = subscribe(issue.newsletter.mailing_list, "anna@example.org")
    anna.topic_ids = [Topic.objects.create(slug="sport", name="Sport").pk]
    with pytest.raises(BadTestMail, match="no story for person"):
        send_test(issue, a_person(anna), ["me@example.org"])


def test_a_suppressed_address_is_refused_and_named(inbox, issue):
    Suppression.objects.create(address="bad@example.org", reason="bounce")
    outcome = send_test(issue, an_example(), ["Bad@example.org", "me@example.org"])
    assert outcome.refused == (("Bad@example.org", Suppression.Reason.BOUNCE.label),)
    assert inbox.addresses() == ["me@example.org"]
    assert send_test(issue, an_example(), ["bad@example.org"]).came is Came.NOT_SENT
    assert len(inbox.messages()) == 1


def test_what_became_of_it_is_said_as_it_is_and_it_is_not_sent_again(inbox, issue):
    inbox.fail("reset_after")
    lost = send_test(issue, an_example(), ["me@example.org"])
    assert lost.came is Came.UNKNOWN
    assert "not known" in lost.says
    inbox.recover()
    assert len(inbox.messages()) <= 1
    inbox.fail("forbidden")
    refused = send_test(issue, an_example(), ["me@example.org"])
    assert (refused.came, refused.to) == (Came.REFUSED, ())


def test_addresses_are_read_as_people_write_them():
    assert read_addresses("a@example.org, b@example.org;\n A@example.org") == [
        "A@example.org",
        "b@example.org",
    ]
    with pytest.raises(BadTestMail, match="no e-mail address"):
        read_addresses("a@example.org nobody")
    with pytest.raises(BadTestMail, match="at most 20"):
        read_addresses([f"a{n}@example.org" for n in range(21)])
    with pytest.raises(BadTestMail, match="at least one"):
        read_addresses("  ")


def test_nobody_sends_them_without_end():
    cache.clear()
    for _ in range(MOST):
        count_test("7")
    with pytest.raises(TooManyTests):
        count_test("7")
    count_test("8")


def test_a_list_keeps_its_addresses_under_a_name(issue):
    kept = keep_list(issue.newsletter, " The  team ", "a@example.org b@example.org")
    assert find_list(issue.newsletter, "The team") == kept
    with pytest.raises(BadTestMail, match="already"):
        keep_list(issue.newsletter, "The team", "c@example.org")
    keep_list(issue.newsletter, "The team", "c@example.org", kept)
    assert find_list(issue.newsletter, "The team").addresses == ["c@example.org"]
    with pytest.raises(BadTestMail, match="There are: The team"):
        find_list(issue.newsletter, "Nobody")


def test_an_event_of_one_is_that_of_no_delivery():
    _, batch = one_batch()
    bounce = {"type": "bounce", "email": "reader@example.org", "mailer_test": "1"}
    assert not read("bounce", batch.due_at, bounce).by_address
    assert read("bounce", batch.due_at, {**bounce, "mailer_test": ""}).by_address


def test_the_command_sends_it(inbox, issue):
    keep_list(issue.newsletter, "Team", "b@example.org")
    out = StringIO()
    call_command("test", str(issue), to=["a@example.org"], list="Team", topics="ai", stdout=out)
    assert "accepted the test for 2 addresses" in out.getvalue()
    assert inbox.addresses() == ["a@example.org", "b@example.org"]
    with pytest.raises(CommandError, match="There is no topic 'tea'"):
        call_command("test", str(issue), to=["a@example.org"], topics="tea")
    with pytest.raises(CommandError, match="Nobody in the store"):
        call_command("test", str(issue), to=["a@example.org"], person="nobody@example.org")
