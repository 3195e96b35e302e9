"""Confirming: the link shows a page, the button counts, once, and nothing brings back who left."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from subscribers import tokens
from subscribers.leaving import leave
from subscribers.models import (
    Consent,
    Letter,
    PendingSignUp,
    Subscriber,
    Subscription,
    Suppression,
    Topic,
    Wording,
)
from subscribers.privacy.erase import erase
from subscribers.sign_up.expire import KEPT, forget_unconfirmed
from subscribers.signals import confirmed
from subscribers.tokens import Scope
from tests.newsroom import subscribe
from tests.subscribers.signing_up import ANNA, link, open_form, post, state_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def weekly():
    return open_form(
        sign_up_asks=["name", "topics", "cadence", "language"],
        sign_up_fields=[{"key": "company", "label": "Company", "type": "text"}],
    )


def confirm(client, url):
    return client.post(url, {"act": "confirm"})


def leave_again():
    subscription = Subscription.objects.get()
    leave(subscription.mailing_list_id, subscription.subscriber_id, source="test")


def grow_old(**how):
    """Let so much time pass for the sign-up and its letters; the address of the link, which names the time."""
    pending = PendingSignUp.objects.get()
    PendingSignUp.objects.update(expires_at=pending.expires_at - timedelta(**how))
    for letter in Letter.objects.all():
        Letter.objects.filter(pk=letter.pk).update(created_at=letter.created_at - timedelta(**how))
    return link()


@pytest.mark.parametrize("method", ["get", "head"])
def test_following_the_link_confirms_nothing(client, weekly, method):
    post(client)
    answer = getattr(client, method)(link(), {"act": "confirm"})
    assert answer.status_code == 200
    assert state_of() == "pending"


def test_a_post_that_does_not_say_so_confirms_nothing(client, weekly):
    post(client)
    assert client.post(link()).status_code == 200
    assert state_of() == "pending"


def test_the_button_confirms_and_what_was_typed_counts(client, weekly):
    topic = Topic.objects.create(slug="ai", name="AI")
    Subscriber.objects.create(
        email="Anna@example.org", last_name="Berg", attributes={"company": "Old", "a": 1}
    )
    post(client, first_name="Anna", topics="ai", cadence="second", language="de", field_company="New")
    url = link()
    told = []

    def listen(mailing_list_id, subscriber_id, **_):
        told.append((mailing_list_id, subscriber_id))

    confirmed.connect(listen)
    assert "A•••@example.org" in client.get(url).text
    answer = confirm(client, url)
    confirmed.disconnect(listen)
    assert answer.status_code == 200
    subscriber, subscription = Subscriber.objects.get(), Subscription.objects.get()
    assert (subscriber.first_name, subscriber.last_name, subscriber.language) == ("Anna", "Berg", "de")
    assert subscriber.topic_ids == [topic.pk]
    assert subscriber.attributes == {"company": "New", "a": 1}
    assert (subscription.state, subscription.cadence) == ("active", "second")
    assert told == [(weekly.pk, subscriber.pk)]
    assert not PendingSignUp.objects.exists()
    consent = Consent.objects.order_by("id").last()
    assert (consent.action, consent.wording) == ("confirmed", Wording.objects.get())
    assert consent.detail["given"] == ["first_name", "company"]


def test_fields_left_empty_wipe_nothing(client, weekly):
    topic = Topic.objects.create(slug="ai", name="AI")
    Subscriber.objects.create(email=ANNA, first_name="Anna", language="fr", topic_ids=[topic.pk])
    post(client, first_name="", language="", field_company="")
    confirm(client, link())
    subscriber = Subscriber.objects.get()
    assert (subscriber.first_name, subscriber.language, subscriber.topic_ids) == ("Anna", "fr", [topic.pk])


def test_a_second_press_says_that_it_is_confirmed_and_does_nothing(client, weekly):
    post(client)
    url = link()
    confirm(client, url)
    assert "Confirmed already" in confirm(client, url).text
    assert "Confirmed already" in client.get(url).text
    assert Consent.objects.filter(action="confirmed").count() == 1


def test_a_page_of_the_organisations_own_comes_after_it(client, weekly):
    weekly.confirmed_next = "https://www.example.org/welcome"
    weekly.save()
    post(client)
    url = link()
    assert "form-action 'self' https://www.example.org;" in client.get(url)["Content-Security-Policy"]
    answer = confirm(client, url)
    assert (answer.status_code, answer["Location"]) == (303, "https://www.example.org/welcome")


def test_after_leaving_the_old_link_brings_nobody_back(client, weekly):
    post(client)
    url = link()
    confirm(client, url)
    leave_again()
    for answer in (client.get(url), confirm(client, url), client.post(url, {"act": "again"})):
        assert "This link is no longer good" in answer.text
    assert state_of() == "unsubscribed"
    assert Letter.objects.count() == 1


def test_who_left_before_confirming_is_not_brought_back_either(client, weekly):
    post(client)
    url = link()
    leave_again()
    confirm(client, url)
    assert state_of() == "unsubscribed"


def test_a_new_sign_up_after_leaving_does_not_open_the_old_link(client, weekly):
    """Anybody can sign the address up again; the mail that its owner gets then is what counts."""
    post(client)
    old = link()
    leave_again()
    post(client)
    assert state_of() == "pending"
    assert "It is too old, or a newer one was mailed" in confirm(client, old).text
    assert state_of() == "pending"
    assert old != link()
    confirm(client, link())
    assert state_of() == "active"


def test_an_expired_link_offers_a_new_one(client, weekly):
    post(client, first_name="Anna")
    old = grow_old(days=8)
    page = confirm(client, old)
    assert "Send me a new link" in page.text
    assert state_of() == "pending"
    assert (
        "A new link is on its way to <bdi>a•••@example.org</bdi>" in client.post(old, {"act": "again"}).text
    )
    assert list(Letter.objects.values_list("kind", flat=True)) == ["confirm", "confirm"]
    confirm(client, old)
    assert state_of() == "pending"
    confirm(client, link())
    assert state_of() == "active"
    assert Subscriber.objects.get().first_name == "Anna"


def test_a_new_link_is_mailed_once_an_hour(client, weekly):
    post(client)
    old = grow_old(days=8)
    client.post(old, {"act": "again"})
    assert "A mail was sent within the last hour" in client.post(old, {"act": "again"}).text
    assert Letter.objects.count() == 2


def test_a_suppressed_address_gets_no_new_link_and_is_told_the_same(client, weekly):
    post(client)
    old = grow_old(days=8)
    Suppression.objects.create(address=ANNA, reason="bounce")
    assert "A new link is on its way" in client.post(old, {"act": "again"}).text
    assert Letter.objects.count() == 1


def test_an_erased_person_is_not_brought_back(client, weekly):
    post(client)
    url = link()
    erase(Subscriber.objects.get().pk, by="the person", source="test")
    for answer in (client.get(url), confirm(client, url), client.post(url, {"act": "again"})):
        assert "This link is no longer good" in answer.text
    assert not Subscription.objects.filter(state="active").exists()


def test_the_link_is_good_for_this_purpose_only(client, weekly):
    post(client)
    pending = PendingSignUp.objects.get()
    expires = int(pending.expires_at.timestamp())
    for scope in set(Scope) - {Scope.CONFIRM}:
        token = tokens.make(scope, weekly.pk, pending.subscriber_id, expires)
        assert confirm(client, f"/confirm/{token}").status_code == 404
    token = link().removeprefix("/confirm/")
    for page in ("u", "p", "address", "data", "erase"):
        assert client.post(f"/{page}/{token}", {"act": "leave"}).status_code == 404
    assert client.get(f"/v/{token}").status_code == 404
    assert state_of() == "pending"


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1], lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"), lambda _: "x"]
)
def test_a_changed_link_is_told(client, weekly, change):
    post(client)
    answer = confirm(client, f"/confirm/{change(link().removeprefix('/confirm/'))}")
    assert answer.status_code == 404
    assert state_of() == "pending"


def test_a_link_for_nobody_is_told(client, weekly):
    expires = int(timezone.now().timestamp()) + 1000
    for numbers in ((weekly.pk, 999), (999, 999)):
        answer = confirm(client, f"/confirm/{tokens.make(Scope.CONFIRM, *numbers, expires)}")
        assert "This link is no longer good" in answer.text


def test_confirming_ends_an_old_pause(client, weekly):
    person = subscribe(weekly, ANNA, state="unsubscribed")[0]
    Subscription.objects.update(paused_until="2099-01-01", paused_because="soft_bounces")
    post(client)
    confirm(client, link())
    subscription = Subscription.objects.get(subscriber=person)
    assert (subscription.paused_until, subscription.paused_because) == (None, "asked")


class TestForgetting:
    def test_what_was_typed_is_forgotten_some_days_after_the_link_expired(self, client, weekly):
        post(client)
        grow_old(days=7 + KEPT.days - 1)
        assert forget_unconfirmed() == 0
        old = grow_old(days=2)
        assert forget_unconfirmed() == 1
        assert not PendingSignUp.objects.exists()
        assert state_of() == "pending"
        assert "This link is no longer good" in confirm(client, old).text

    def test_who_had_left_before_is_unsubscribed_again(self, client, weekly):
        subscribe(weekly, ANNA, state="unsubscribed")
        post(client)
        assert state_of() == "pending"
        grow_old(days=15)
        forget_unconfirmed()
        assert state_of() == "unsubscribed"
        assert list(Consent.objects.order_by("id").values_list("action", flat=True)) == [
            "signed_up",
            "changed",
        ]

    def test_who_signs_up_again_after_that_gets_a_letter(self, client, weekly):
        post(client)
        grow_old(days=15)
        forget_unconfirmed()
        post(client)
        assert Letter.objects.count() == 2
        confirm(client, link())
        assert state_of() == "active"


def test_whoever_leaves_in_the_same_moment_stays_away(client, weekly):
    post(client)
    left = []

    def leave_before_the_update(execute, sql, params, many, context):
        if sql.startswith('UPDATE "subscribers_subscription"') and not left:
            left.append(True)
            leave_again()
        return execute(sql, params, many, context)

    url = link()
    with connection.execute_wrapper(leave_before_the_update):
        answer = confirm(client, url)
    assert left
    assert state_of() == "unsubscribed"
    assert not Consent.objects.filter(action="confirmed").exists()
    assert answer.status_code == 200
    assert "You are on the list" not in answer.text
