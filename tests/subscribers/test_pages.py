"""The subscribers' pages over HTTP: leaving, coming back, choosing."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from subscribers import tokens
from subscribers.models import Consent, MailingList, Subscriber, Subscription, Suppression, Topic
from subscribers.public_page import form_of, partly_hidden
from subscribers.signals import left
from subscribers.tokens import Scope

pytestmark = pytest.mark.django_db
ORIGIN = 77


@pytest.fixture
def client():
    """As strict as a real server is with everybody else's forms."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def topics():
    return [
        Topic.objects.create(slug="policy", name="Policy"),
        Topic.objects.create(slug="trade", name="Trade"),
        Topic.objects.create(slug="fax", name="Fax machines", retired=True),
    ]


@pytest.fixture
def subscription():
    return Subscription.objects.create(
        subscriber=Subscriber.objects.create(email="anna@example.org", first_name="Anna"),
        mailing_list=MailingList.objects.create(slug="weekly", name="Weekly Review"),
        state=Subscription.State.ACTIVE,
    )


def page(name, subscription, scope=Scope.MANAGE):
    token = tokens.make(scope, subscription.mailing_list_id, subscription.subscriber_id, ORIGIN)
    return reverse(f"subscribers:{name}", args=[token])


def state_of(subscription):
    return Subscription.objects.get(pk=subscription.pk).state


def save(client, subscription, **fields):
    fields = {"act": "save", "first_name": "Anna", "last_name": "", "paused_until": ""} | fields
    return client.post(page("preferences", subscription), fields)


ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.mark.parametrize("form", ["urlencoded", "multipart"])
def test_one_click_acts_at_once_without_cookie_or_redirect(client, subscription, form):
    address = page("unsubscribe", subscription)
    if form == "multipart":
        answer = client.post(address, ONE_CLICK)
    else:
        answer = client.post(
            address, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
        )
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert not answer.cookies
    assert state_of(subscription) == "unsubscribed"
    consent = Consent.objects.get()
    assert (consent.action, consent.source, consent.detail) == ("left", "one-click", {"origin": ORIGIN})


def test_one_click_twice_is_the_same_as_once(client, subscription):
    told = []

    def listen(**what):
        told.append(what["origin"])

    left.connect(listen)
    answers = [client.post(page("unsubscribe", subscription), ONE_CLICK) for _ in range(2)]
    left.disconnect(listen)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert Consent.objects.count() == 1
    assert told == [ORIGIN]


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "text/plain", "application/json"])
def test_a_body_that_cannot_be_read_keeps_nobody_on_a_list(client, subscription, kind):
    answer = client.post(page("unsubscribe", subscription), b"--x\r\nrubbish", content_type=kind)
    assert answer.status_code == 200
    assert state_of(subscription) == "unsubscribed"


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("name", ["unsubscribe", "preferences"])
def test_following_a_link_changes_nothing(client, subscription, name, method):
    answer = getattr(client, method)(page(name, subscription), ONE_CLICK | {"act": "leave"})
    assert answer.status_code == 200
    assert state_of(subscription) == "active"
    assert not Consent.objects.exists()


def test_the_unsubscribe_page_names_the_list_and_hides_the_address(client, subscription):
    answer = client.get(page("unsubscribe", subscription))
    assert "Weekly Review" in answer.text
    assert "a•••@example.org" in answer.text
    assert "anna@" not in answer.text


def test_the_button_leaves_and_offers_a_way_back(client, subscription):
    answer = client.post(page("unsubscribe", subscription))
    assert "You have left" in answer.text
    assert page("preferences", subscription) in answer.text
    assert Consent.objects.get().source == "unsubscribe page"
    back = client.post(page("preferences", subscription), {"act": "come-back"})
    assert "Welcome back" in back.text
    assert state_of(subscription) == "active"
    assert list(Consent.objects.order_by("id").values_list("action", "source")) == [
        ("left", "unsubscribe page"),
        ("signed_up", "preferences page"),
    ]


def test_coming_back_without_having_left_changes_nothing(client, subscription):
    Subscription.objects.update(state="pending")
    client.post(page("preferences", subscription), {"act": "come-back"})
    assert state_of(subscription) == "pending"
    assert not Consent.objects.exists()


@pytest.mark.parametrize("name", ["unsubscribe", "preferences"])
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("damage", [lambda link: link[:-3], lambda link: link + "/", lambda link: link + "é"])
def test_a_damaged_link_is_answered_with_what_to_do(client, subscription, name, method, damage):
    answer = getattr(client, method)(damage(page(name, subscription)))
    assert answer.status_code == 404
    assert "open the mail again" in answer.text
    assert state_of(subscription) == "active"


def test_a_link_to_view_an_issue_cannot_change_a_subscription(client, subscription):
    answer = client.post(page("unsubscribe", subscription, Scope.VIEW), ONE_CLICK)
    assert answer.status_code == 404
    assert state_of(subscription) == "active"


@pytest.mark.parametrize("name", ["unsubscribe", "preferences"])
def test_a_link_of_somebody_who_is_gone_says_so(client, name):
    address = reverse(f"subscribers:{name}", args=[tokens.make(Scope.MANAGE, 4_000_000_000, 2**63 - 1)])
    for answer in (client.get(address), client.post(address, {"act": "save"})):
        assert answer.status_code == 200
        assert "You are not on this list" in answer.text
    assert client.post(address, ONE_CLICK).status_code == 200


@pytest.mark.parametrize("state", ["active", "pending", "unsubscribed"])
@pytest.mark.parametrize("name", ["unsubscribe", "preferences"])
def test_pages_are_kept_out_of_caches_indexes_frames_and_referrers(client, subscription, name, state):
    Subscription.objects.update(state=state)
    answers = [
        client.get(page(name, subscription)),
        client.get(page(name, subscription) + "x"),
        client.put(page(name, subscription)),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 405]
    for answer in answers:
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Robots-Tag"] == "noindex"
        assert answer["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")


def test_choices_are_saved_and_recorded(client, subscription, topics):
    until = timezone.localdate() + timedelta(days=9)
    answer = save(
        client,
        subscription,
        first_name=" Änne\r\n\x07 ",
        topics=[topics[0].pk],
        paused_until=until.isoformat(),
    )
    assert "Saved." in answer.text
    subscription = Subscription.objects.select_related("subscriber").get()
    assert subscription.paused_until == until
    assert (subscription.subscriber.first_name, subscription.subscriber.topic_ids) == ("Änne", [topics[0].pk])
    consent = Consent.objects.get()
    assert (consent.action, consent.source) == ("changed", "preferences page")
    assert consent.detail == {
        "changed": {"name": True, "topics": [[], [topics[0].pk]], "paused_until": [None, until.isoformat()]},
        "origin": ORIGIN,
    }


def test_saving_what_was_so_already_writes_nothing(client, subscription):
    before = Subscription.objects.values("changed_at", "subscriber__changed_at").get()
    answer = save(client, subscription)
    assert "Saved." in answer.text
    assert not Consent.objects.exists()
    assert Subscription.objects.values("changed_at", "subscriber__changed_at").get() == before


def test_a_pause_that_is_over_counts_as_none(client, subscription):
    Subscription.objects.update(paused_until=timezone.localdate())
    assert "You are paused" not in client.get(page("preferences", subscription)).text
    save(client, subscription)
    assert not Consent.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("paused_until", lambda: timezone.localdate().isoformat(), "Choose a day from tomorrow on"),
        ("paused_until", lambda: "9999-12-31", "A pause lasts a year at most"),
        ("paused_until", lambda: "soon", "Write the date as year-month-day"),
        ("first_name", lambda: "x" * 201, "at most 200 characters"),
        ("first_name", lambda: "nul\x00", "Null characters are not allowed"),
        ("topics", lambda: "999999", "no longer offered"),
        ("topics", lambda: "policy", "no longer offered"),
    ],
)
def test_a_wrong_entry_is_explained_beside_its_field_and_nothing_is_saved(
    client, subscription, topics, field, value, message
):
    answer = save(client, subscription, last_name="Berg", **{field: value()})
    assert message in answer.text
    assert f'id="id_{field}_error"' in answer.text
    assert "Saved." not in answer.text
    assert Subscriber.objects.get().last_name == ""
    assert not Consent.objects.exists()


def test_a_post_that_does_not_say_what_it_wants_changes_nothing(client, subscription):
    client.post(page("preferences", subscription), ONE_CLICK)
    client.post(page("preferences", subscription))
    assert Subscriber.objects.get().first_name == "Anna"
    assert not Consent.objects.exists()


def test_a_retired_topic_is_not_offered_and_lapses_on_saving(client, subscription, topics):
    policy, _, fax = topics
    Subscriber.objects.update(topic_ids=[fax.pk])
    answer = client.get(page("preferences", subscription))
    assert "Fax machines" not in answer.text
    assert "no longer write about the topics you chose" in answer.text
    assert "no longer offered" in save(client, subscription, topics=[fax.pk]).text
    save(client, subscription, topics=[policy.pk])
    assert Subscriber.objects.get().topic_ids == [policy.pk]


def test_leaving_from_the_preferences_page(client, subscription):
    answer = client.post(page("preferences", subscription), {"act": "leave"})
    assert "You have left" in answer.text
    assert state_of(subscription) == "unsubscribed"
    assert Consent.objects.get().source == "preferences page"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("complaint", "reported as spam"),
        ("bounce", "came back as undeliverable"),
        ("invalid", "came back as undeliverable"),
        ("unsubscribe", "asked to get no mail from us at all"),
        ("manual", "Our staff have stopped"),
    ],
)
def test_coming_back_does_not_lift_a_suppression_and_the_page_says_so(client, subscription, reason, words):
    Subscriber.objects.update(email="Anna@Example.org")
    Suppression.objects.create(address="anna@example.org", reason=reason)
    Subscription.objects.update(state="unsubscribed")
    answer = client.get(page("preferences", subscription))
    assert words in answer.text
    assert "coming back to the list does not either" in answer.text
    assert words in client.post(page("preferences", subscription), {"act": "come-back"}).text
    assert Suppression.objects.count() == 1


@pytest.mark.parametrize("name", ["unsubscribe", "preferences"])
def test_hostile_names_are_shown_as_text(client, subscription, name):
    attack = '"><script>alert(1)</script>'
    MailingList.objects.update(name=attack)
    Subscriber.objects.update(first_name=attack)
    Topic.objects.create(slug="attack", name=attack)
    for answer in (
        client.get(page(name, subscription)),
        save(client, subscription, first_name=attack, paused_until=attack),
        client.post(page("unsubscribe", subscription)),
    ):
        assert "<script" not in answer.text
        assert "&lt;script&gt;" in answer.text
    one_click = client.post(page("unsubscribe", subscription), ONE_CLICK)
    assert one_click["Content-Type"].startswith("text/plain")
    assert one_click["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("anna@example.org", "a•••@example.org"),
        ("a@example.org", "•••@example.org"),
        ('"a@b"@example.org', '"•••@example.org'),
        ("李四@例子.公司", "李•••@例子.公司"),
    ],
)
def test_an_address_is_partly_hidden(address, shown):
    assert partly_hidden(address) == shown


def test_files_that_nobody_asked_for_are_not_kept():
    """They may be of any size: one that were kept would fill the disk."""
    fields = {"act": "save", "mine": SimpleUploadedFile("mine.txt", b"x" * 100_000), "reason": "other"}
    request = RequestFactory().post("/p", fields)
    assert form_of(request).dict() == {"act": "save", "reason": "other"}
    assert not request.FILES
