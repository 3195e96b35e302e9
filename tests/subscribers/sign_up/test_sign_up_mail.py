"""From the form to the welcome issue: with the mail that the emulator took, by the link that stands in it."""

import re
from urllib.parse import urlsplit

import pytest

from mailer.delivery.letters.submit import submit_letter
from mailer.delivery.models import Batch
from mailer.delivery.submit import submit
from mailer.issues.models import Newsletter
from subscribers.leaving import leave
from subscribers.models import Consent, MailingList, Subscriber, Suppression
from subscribers.sign_up.wording import reword
from tests.newsroom import make_issue, subscribe
from tests.subscribers.signing_up import ANNA, post, state_of

pytestmark = pytest.mark.django_db
LINK = re.compile(r"https?://[^\s\"<>]+/(?:confirm|p)/[\w-]+")


@pytest.fixture
def slug():
    """Of a list with an open form and a newsletter that has a welcome issue."""
    issue = make_issue()
    Newsletter.objects.filter(pk=issue.newsletter_id).update(welcome_issue=issue)
    mailing_list = issue.newsletter.mailing_list
    MailingList.objects.filter(pk=mailing_list.pk).update(sign_up_open=True)
    reword(mailing_list, "I agree.")
    return mailing_list.slug


def hand_over():
    """What the sweep and its workers do."""
    for batch in Batch.objects.filter(state="waiting").order_by("id"):
        (submit_letter if batch.letter_id else submit)(batch.pk)


def link_in(message):
    """The path of the link that a letter leads to, the same in both its parts."""
    (in_text,) = set(LINK.findall(message["text"]))
    assert in_text in message["html"]
    return urlsplit(in_text).path


def test_somebody_signs_up_confirms_and_is_welcomed(client, inbox, slug):
    post(client, slug=slug)
    hand_over()
    (message,) = inbox.messages(full=True)
    assert message["to"] == ANNA
    assert "confirm" in message["subject"]
    path = link_in(message)
    assert client.get(path).status_code == 200
    assert state_of(slug=slug) == "pending"
    hand_over()
    assert inbox.addresses() == [ANNA]
    client.post(path, {"act": "confirm"})
    assert state_of(slug=slug) == "active"
    hand_over()
    assert inbox.addresses() == [ANNA, ANNA]
    assert list(Consent.objects.order_by("id").values_list("action", flat=True)) == ["signed_up", "confirmed"]


def test_somebody_active_is_told_so_by_mail_with_a_link_to_their_preferences(client, inbox, slug):
    subscribe(MailingList.objects.get(slug=slug), ANNA)
    post(client, slug=slug)
    hand_over()
    (message,) = inbox.messages(full=True)
    assert "already subscribed" in message["subject"]
    assert client.get(link_in(message)).status_code == 200


def test_after_leaving_the_link_in_the_old_mail_brings_nobody_back(client, inbox, slug):
    post(client, slug=slug)
    hand_over()
    path = link_in(inbox.messages(full=True)[0])
    client.post(path, {"act": "confirm"})
    leave(MailingList.objects.get(slug=slug).pk, Subscriber.objects.get().pk, source="test")
    client.post(path, {"act": "confirm"})
    assert state_of(slug=slug) == "unsubscribed"


@pytest.mark.parametrize("reason", ["bounce", "complaint", "unsubscribe", "invalid", "manual"])
def test_a_suppressed_address_gets_no_mail(client, inbox, slug, reason):
    Suppression.objects.create(address=ANNA, reason=reason)
    post(client, slug=slug)
    hand_over()
    assert inbox.addresses() == []


def test_a_stranger_cannot_have_words_of_theirs_mailed(client, inbox, slug):
    MailingList.objects.filter(slug=slug).update(sign_up_asks=["name"])
    post(client, slug=slug, first_name="You won: https://spam.example")
    hand_over()
    (message,) = inbox.messages(full=True)
    assert "spam.example" not in message["text"] + message["html"] + message["subject"]
