"""Asking for the link to one's preferences by one's address."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from subscribers.models import Letter, Subscription
from subscribers.privacy.erase import erase
from subscribers.sign_up.limits import PER_ADDRESS
from tests.subscribers.readers import headers_of, make_list, make_reader, publish, strict_client

pytestmark = pytest.mark.django_db
PAGE = reverse("subscribers:own-link")


@pytest.fixture
def client():
    cache.clear()
    return strict_client()


@pytest.fixture
def subscription():
    return make_reader(make_list("weekly", "Weekly"))


def ask(client, email, **query):
    return client.post(PAGE, {"email": email}, query_params=query)


def test_a_known_address_gets_the_link(client, subscription):
    answer = ask(client, " Anna@Example.org ")
    assert "Look into your inbox" in answer.text
    letter = Letter.objects.get()
    assert (letter.kind, letter.subscriber_id, letter.mailing_list_id, letter.address) == (
        "link",
        subscription.subscriber_id,
        subscription.mailing_list_id,
        "",
    )


def test_the_answer_is_the_same_whatever_is_known(client, subscription):
    known, again, unknown = (
        ask(client, email) for email in ("anna@example.org", "anna@example.org", "nora@example.org")
    )
    assert known.text == again.text
    assert known.text.replace("anna", "nora") == unknown.text
    assert headers_of(known) == headers_of(unknown)


def test_at_most_one_an_hour(client, subscription):
    for _ in range(3):
        ask(client, "anna@example.org")
    assert Letter.objects.count() == 1
    Letter.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    ask(client, "anna@example.org")
    assert Letter.objects.count() == 2


def test_an_address_is_not_tried_without_end(client):
    answers = [ask(client, "nobody@example.org") for _ in range(PER_ADDRESS.most + 1)]
    assert [answer.status_code for answer in answers] == [200] * PER_ADDRESS.most + [429]
    assert "tried too often" in answers[-1].text
    assert int(answers[-1]["Retry-After"]) > 0


def test_the_link_is_to_a_list_that_the_person_is_on(client, subscription):
    left, _, newest = (
        Subscription.objects.create(
            subscriber=subscription.subscriber, mailing_list=make_list(slug, slug), state=state
        )
        for slug, state in (("left", "unsubscribed"), ("pending", "pending"), ("newest", "active"))
    )
    Subscription.objects.filter(pk=newest.pk).update(created_at=timezone.now() + timedelta(seconds=1))
    ask(client, "anna@example.org")
    assert Letter.objects.get().mailing_list_id == newest.mailing_list_id
    Letter.objects.update(created_at=timezone.now() - timedelta(hours=2))
    ask(client, "anna@example.org", list="left")
    assert Letter.objects.order_by("-pk")[0].mailing_list_id == left.mailing_list_id


def test_whoever_left_gets_the_link_to_come_back(client, subscription):
    Subscription.objects.update(state="unsubscribed")
    ask(client, "anna@example.org")
    assert Letter.objects.count() == 1


def test_somebody_who_was_erased_is_not_known(client, subscription):
    erase(subscription.subscriber_id, by="the person", source="a test")
    ask(client, "anna@example.org")
    assert not Letter.objects.exists()


@pytest.mark.parametrize("email", ["", "anna", "\x00", "anna@example.org\nBcc: x@example.org", "x" * 100_000])
def test_what_is_no_address_is_explained(client, email):
    answer = ask(client, email)
    assert answer.status_code == 200
    assert 'id="id_email_error"' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_look_at_the_page_sends_nothing(client, subscription):
    answer = client.get(PAGE, {"email": "anna@example.org"})
    assert "Mail me my link" in answer.text
    assert not Letter.objects.exists()
    assert not answer.cookies


@pytest.mark.parametrize("slug", ["weekly", "no-such-list", "\x00", "x" * 10_000, "' OR 1=1"])
def test_the_page_speaks_in_the_name_of_a_list_that_there_is(client, subscription, slug):
    publish(subscription.mailing_list, language="de")
    make_list("other", "Other")
    answer = client.get(PAGE, {"list": slug})
    assert answer.status_code == 200
    assert ("The Weekly" in answer.text) is (slug == "weekly")
    assert ('<html lang="de">' in answer.text) is (slug == "weekly")


def test_the_only_list_need_not_be_named(client, subscription):
    publish(subscription.mailing_list)
    assert "The Weekly" in client.get(PAGE).text


def test_a_broken_link_leads_there(client):
    assert f'href="{PAGE}"' in client.get("/p/broken").text
