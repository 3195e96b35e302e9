"""Changing one's address: asked for at the old one, confirmed from the new one."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from subscribers.address_change import ask_change, confirm, find, forget_old
from subscribers.brand import brand_of
from subscribers.letters.compose import compose
from subscribers.models import (
    AddressChange,
    Consent,
    Erasure,
    Letter,
    Subscriber,
    Subscription,
    Suppression,
)
from subscribers.privacy import erased
from subscribers.privacy.erase import erase
from subscribers.tokens import Scope
from tests.subscribers.readers import link, make_list, make_reader, publish, records, strict_client

pytestmark = pytest.mark.django_db
NEW = "anna.berg@example.net"


@pytest.fixture
def client():
    return strict_client()


@pytest.fixture
def weekly():
    weekly = make_list("weekly", "Weekly")
    publish(weekly)
    return weekly


@pytest.fixture
def subscription(weekly):
    return make_reader(weekly)


def ask(client, subscription, address=NEW):
    return client.post(link("preferences", subscription), {"act": "address", "email": address})


def confirm_link(subscription):
    """The link of the newest change, as the test that reads the letter finds it there."""
    change = AddressChange.objects.order_by("-pk").first()
    return link("address", subscription, Scope.ADDRESS, change.pk)


def address_of(subscription):
    return Subscriber.objects.get(pk=subscription.subscriber_id).email


def test_the_mail_goes_to_the_new_address_and_its_link_asks_before_it_changes_anything(client, subscription):
    answer = ask(client, subscription)
    assert f"We have written to {NEW}" in answer.text
    letter = Letter.objects.get()
    assert (letter.kind, letter.address) == ("address", NEW)
    composed = compose(letter, brand_of(subscription.mailing_list_id))
    path = urlsplit(re.search(r"http\S+/address/\S+", composed.text)[0]).path
    assert path == confirm_link(subscription)
    page = client.get(path)
    assert client.head(path).status_code == 200
    assert "Get your mail at this address?" in page.text
    assert "a•••@example.net" in page.text
    assert address_of(subscription) == "anna@example.org"
    done = client.post(path)
    assert "Your address is changed" in done.text
    assert address_of(subscription) == NEW
    assert records() == [("changed", "address page", {"changed": {"address": True}})]


def test_the_old_address_is_told_and_gets_no_link(client, subscription):
    ask(client, subscription)
    client.post(confirm_link(subscription))
    letter = Letter.objects.order_by("-pk").first()
    assert (letter.kind, letter.address) == ("moved", "anna@example.org")
    composed = compose(letter, brand_of(subscription.mailing_list_id))
    assert "/p/" not in composed.text
    assert NEW not in composed.text + composed.html


def test_a_change_twice_is_the_same_as_once(client, subscription):
    ask(client, subscription)
    answers = [client.post(confirm_link(subscription)).text for _ in range(2)]
    assert all("Your address is changed" in answer for answer in answers)
    assert "Your address is changed" in client.get(confirm_link(subscription)).text
    assert Consent.objects.count() == 1
    assert Letter.objects.filter(kind="moved").count() == 1


def test_an_old_link_does_not_change_the_address_back(client, subscription):
    ask(client, subscription)
    first = confirm_link(subscription)
    client.post(first)
    ask(client, subscription, "third@example.com")
    client.post(confirm_link(subscription))
    client.post(first)
    assert address_of(subscription) == "third@example.com"


def test_only_the_newest_link_works(client, subscription):
    ask(client, subscription, "slip@example.net")
    first = confirm_link(subscription)
    ask(client, subscription)
    assert "This link is over" in client.post(first).text
    assert address_of(subscription) == "anna@example.org"
    assert "Your address is changed" in client.post(confirm_link(subscription)).text


def test_a_link_is_good_for_two_days(client, subscription):
    ask(client, subscription)
    change = AddressChange.objects.get()
    assert change.expires_at - change.asked_at == pytest.approx(timedelta(days=2), abs=timedelta(minutes=1))
    AddressChange.objects.update(expires_at=timezone.now())
    for answer in (client.get(confirm_link(subscription)), client.post(confirm_link(subscription))):
        assert "This link is over" in answer.text
    assert address_of(subscription) == "anna@example.org"


def test_the_answer_does_not_tell_whether_an_address_is_known_or_suppressed(client, subscription, weekly):
    make_reader(weekly, "taken@example.net")
    Suppression.objects.create(address="gone@example.net", reason="bounce")
    answers = [
        ask(client, subscription, address).text.replace(address, "")
        for address in ("free@example.net", "taken@example.net", "gone@example.net")
    ]
    assert len(set(answers)) == 1
    assert Letter.objects.filter(kind="address").count() == 3


@pytest.mark.parametrize("taken", [NEW, NEW.upper()])
def test_an_address_of_somebody_else_is_refused_to_whoever_reads_its_mail(
    client, subscription, weekly, taken
):
    ask(client, subscription)
    other = make_reader(weekly, taken)
    for answer in (client.get(confirm_link(subscription)), client.post(confirm_link(subscription))):
        assert "has a subscription of its own" in answer.text
    assert address_of(subscription) == "anna@example.org"
    assert address_of(other) == taken


@pytest.mark.parametrize("reason", ["bounce", "complaint", "unsubscribe", "manual", "invalid"])
def test_an_address_that_must_get_nothing_is_refused(client, subscription, reason):
    ask(client, subscription)
    Suppression.objects.create(address=NEW, reason=reason)
    for answer in (client.get(confirm_link(subscription)), client.post(confirm_link(subscription))):
        assert "We cannot write to this address" in answer.text
    assert address_of(subscription) == "anna@example.org"


def test_an_erased_address_that_complained_is_refused_and_one_that_did_not_comes_back(client, subscription):
    gone = Subscriber.objects.create(email="erased@erased.invalid", erased_at=timezone.now())
    erasure = Erasure.objects.create(
        subscriber=gone, by="the person", address_hash=erased.address_hash(NEW), suppressed_for="complaint"
    )
    ask(client, subscription)
    assert "We cannot write to this address" in client.post(confirm_link(subscription)).text
    Erasure.objects.update(suppressed_for="")
    assert "Your address is changed" in client.post(confirm_link(subscription)).text
    erasure.refresh_from_db()
    assert erasure.ended_at is not None


def test_ones_own_address_is_no_change(client, subscription):
    answer = ask(client, subscription, "Anna@Example.org")
    assert "We write to this address already." in answer.text
    assert 'id="id_email_error"' in answer.text
    assert not Letter.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "anna@",
        "@example.org",
        "a b@example.org",
        "anna@example.org\r\nBcc: bob@example.org",
        "x" * 400 + "@example.org",
        "anna@localhost",
        "\x00",
        "<script>alert(1)</script>",
    ],
)
def test_what_is_no_address_is_explained_beside_the_field(client, subscription, address):
    answer = ask(client, subscription, address)
    assert 'href="#id_email"' in answer.text
    assert 'id="id_email_error"' in answer.text
    assert "<script>" not in answer.text
    assert not AddressChange.objects.exists()


def test_a_domain_in_another_script_is_taken(client, subscription):
    ask(client, subscription, "lisi@例子.公司")
    client.post(confirm_link(subscription))
    assert address_of(subscription) == "lisi@xn--fsqu00a.xn--55qx5d"


def test_an_address_that_sendgrid_takes_no_mail_for_is_refused(client, subscription):
    assert (
        "We cannot send mail to addresses with such letters"
        in ask(client, subscription, "李四@example.org").text
    )


def test_one_person_asks_three_times_a_day_at_most(client, subscription):
    for number in range(3):
        ask(client, subscription, f"{number}@example.net")
    assert "Please try again tomorrow" in ask(client, subscription, "4@example.net").text
    assert AddressChange.objects.count() == 3
    AddressChange.objects.update(asked_at=timezone.now() - timedelta(hours=25))
    assert "We have written to" in ask(client, subscription, "4@example.net").text


def test_nobody_fills_a_strangers_mailbox_from_many_subscriptions(client, weekly):
    many = [make_reader(weekly, f"reader{number}@example.org") for number in range(4)]
    answers = [ask(client, one, "Victim@example.net").text for one in many]
    assert ["We have written to" in answer for answer in answers] == [True, True, False, False]


def test_a_link_is_good_for_its_own_person_and_scope_only(client, subscription, weekly):
    ask(client, subscription)
    other = make_reader(weekly, "bob@example.org")
    change = AddressChange.objects.get()
    stolen = link("address", other, Scope.ADDRESS, change.pk)
    assert "This link is over" in client.post(stolen).text
    manage = link("address", subscription, Scope.MANAGE, change.pk)
    assert client.post(manage).status_code == 404
    assert address_of(subscription) == "anna@example.org"
    assert address_of(other) == "bob@example.org"


def test_the_link_of_somebody_who_was_erased_changes_nothing(client, subscription):
    ask(client, subscription)
    path = confirm_link(subscription)
    erase(subscription.subscriber_id, by="the person", source="a test")
    before = address_of(subscription)
    assert "This link is over" in client.post(path).text
    assert address_of(subscription) == before


def test_the_pages_are_kept_out_of_caches_and_change_nothing_by_a_look(client, subscription):
    ask(client, subscription)
    for answer in (client.get(confirm_link(subscription)), client.post(confirm_link(subscription))):
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert not answer.cookies
    assert client.put(confirm_link(subscription)).status_code == 405


def test_everything_else_of_the_person_stays(client, subscription):
    Subscription.objects.update(cadence="monthly")
    ask(client, subscription)
    client.post(confirm_link(subscription))
    stored = Subscription.objects.get()
    assert (stored.state, stored.cadence, stored.subscriber_id) == (
        "active",
        "monthly",
        subscription.subscriber_id,
    )


def test_a_pause_because_the_old_address_refused_mail_ends(client, subscription):
    until = timezone.localdate() + timedelta(days=20)
    Subscription.objects.update(paused_until=until, paused_because="soft_bounces")
    ask(client, subscription)
    client.post(confirm_link(subscription))
    assert Subscription.objects.get().paused_until is None
    assert records()[-1] == (
        "changed",
        "address page",
        {"changed": {"paused_until": [until.isoformat(), None]}},
    )


def test_a_pause_that_was_asked_for_outlives_the_change(client, subscription):
    until = timezone.localdate() + timedelta(days=20)
    Subscription.objects.update(paused_until=until)
    ask(client, subscription)
    client.post(confirm_link(subscription))
    assert Subscription.objects.get().paused_until == until


def test_changes_that_are_over_are_forgotten(client, subscription):
    ask(client, subscription)
    assert forget_old() == 0
    AddressChange.objects.update(
        asked_at=timezone.now() - timedelta(days=5), expires_at=timezone.now() - timedelta(days=3)
    )
    assert forget_old() == 1


@pytest.mark.django_db(transaction=True)
def test_two_people_who_confirm_one_address_at_once_get_it_once(client, weekly):
    from concurrent.futures import ThreadPoolExecutor

    pair = [make_reader(weekly, f"reader{number}@example.org") for number in range(2)]
    for one in pair:
        ask(client, one)
    changes = {change.subscriber_id: change.pk for change in AddressChange.objects.all()}

    def go(one):
        try:
            return confirm(find(changes[one.subscriber_id], one.subscriber_id), weekly.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(go, pair)) == ["done", "taken"]
    assert Subscriber.objects.filter(email=NEW).count() == 1


def test_nothing_is_asked_or_changed_for_somebody_who_was_erased_in_the_same_moment(client, subscription):
    ask(client, subscription)
    change = AddressChange.objects.select_related("subscriber").get()
    erase(subscription.subscriber_id, by="the person", source="erasure page")
    assert confirm(change, subscription.mailing_list_id) == "over"
    assert ask_change(subscription.subscriber_id, subscription.mailing_list_id, NEW) == "over"
    assert not AddressChange.objects.exists()
