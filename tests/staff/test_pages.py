"""Every page of the staff site, as each kind of person who may come by."""

import uuid

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from mailer.delivery.models import Batch, Edition, Exclusion, Send, Submission
from mailer.issues.models import Issue, Newsletter, Story
from mailer.staff.sidebar import navigation
from mailer.tracking.models import Alert, Event
from mailer.tracking.partitions import make_room
from subscribers.models import (
    Consent,
    Erasure,
    Lifting,
    MailingList,
    Segment,
    Subscriber,
    Subscription,
    Suppression,
    Topic,
)
from tests.roles import somebody

pytestmark = pytest.mark.django_db
LEDGER = (Send, Batch, Submission, Event, Alert, Consent, Erasure, Lifting)
KEPT = (*LEDGER, Subscriber, Topic, MailingList)
admin.autodiscover()  # as urls.py does
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
HOSTILE = "<script>alert(1)</script>"


def new_event(**fields):
    with connection.cursor() as cursor:
        make_room(cursor, [fields["at"]])
    return Event.objects.create(**fields)


@pytest.fixture
def superuser():
    return User.objects.create_superuser("root")


@pytest.fixture
def world():
    """One of everything, with names that would hurt if they were not escaped."""
    mailing_list = MailingList.objects.create(slug="weekly", name=HOSTILE)
    topic = Topic.objects.create(slug="policy", name=HOSTILE)
    subscriber = Subscriber.objects.create(
        email="Anna@example.org", first_name=HOSTILE, topic_ids=[topic.pk], attributes={"note": HOSTILE}
    )
    subscription = Subscription.objects.create(
        subscriber=subscriber, mailing_list=mailing_list, state="active"
    )
    newsletter = Newsletter.objects.create(
        slug="weekly",
        name=HOSTILE,
        mailing_list=mailing_list,
        from_name="Us",
        from_email="us@example.org",
        postal_address="1 Quay",
    )
    issue = Issue.objects.create(newsletter=newsletter, number=1, date=timezone.localdate(), subject=HOSTILE)
    for position in (1, 2, 3):
        Story.objects.create(issue=issue, position=position, headline=f"Story {position} {HOSTILE}", body="x")
    send = Send.objects.create(
        issue=issue, mailing_list=mailing_list, planned_at=timezone.now(), candidates=2
    )
    edition = Edition.objects.create(
        send=send, story_ids=[], language="en", subject="s", html="h", text="t", tags=[]
    )
    rule = {"version": 1, "field": "first_name", "is": HOSTILE}
    segment = Segment.objects.create(slug="hostile", name=HOSTILE, rule=rule)
    submission = uuid.uuid4()
    batch = Batch.objects.create(
        send=send,
        edition=edition,
        subscriber_ids=[subscriber.pk],
        state="accepted",
        submission_id=submission,
    )
    other = Subscriber.objects.create(email="left@example.org")
    return {
        MailingList: mailing_list,
        Topic: topic,
        Subscriber: subscriber,
        Segment: segment,
        Subscription: subscription,
        Newsletter: newsletter,
        Issue: issue,
        Send: send,
        Batch: batch,
        Exclusion: Exclusion.objects.create(send=send, subscriber=other, reason="paused"),
        Submission: Submission.objects.create(id=submission, batch=batch, size=1, reason=HOSTILE),
        Suppression: Suppression.objects.create(address="bad@example.org", reason="bounce", detail=HOSTILE),
        Consent: Consent.objects.create(
            subscriber=subscriber, mailing_list=mailing_list, action="imported", source=HOSTILE
        ),
        Erasure: Erasure.objects.create(subscriber=subscriber, by=HOSTILE, reason=HOSTILE),
        Lifting: Lifting.objects.create(
            address="back@example.org",
            reason="bounce",
            suppressed_at=timezone.now(),
            by=HOSTILE,
            because=HOSTILE,
        ),
        Alert: Alert.objects.create(kind=HOSTILE, subject=HOSTILE, text=HOSTILE),
        Event: new_event(sg_event_id="one", kind=HOSTILE, at=timezone.now(), payload={"reason": HOSTILE}),
    }


def page(model, name, *arguments):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=arguments)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_page_opens_for_a_superuser_and_escapes_what_it_shows(client, superuser, world, model):
    client.force_login(superuser)
    pages = [page(model, "changelist"), page(model, "changelist") + "?q=anna@example.org"]
    if model not in LEDGER:
        pages.append(page(model, "add"))
    if model in world:
        pages += [page(model, name, world[model].pk) for name in ("change", "history")]
    for address in pages:
        answer = client.get(address, follow=True)  # to the builder, where issues are written
        assert answer.status_code == 200, address
        assert HOSTILE not in answer.text


def test_the_start_page_opens_and_escapes_what_it_shows(client, superuser, world):
    client.force_login(superuser)
    answer = client.get("/staff/")
    assert answer.status_code == 200
    assert "Suppressions" in answer.text


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_nobody_sees_a_page_without_signing_in(client, model):
    for name in ("changelist", "add"):
        answer = client.get(page(model, name))
        assert (answer.status_code, answer.url.split("?")[0]) == (302, "/staff/login/")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_staff_without_rights_see_no_page(client, world, model):
    client.force_login(somebody())
    pages = [page(model, name) for name in ("changelist", "add")]
    if model in world:
        pages += [page(model, name, world[model].pk) for name in ("change", "delete", "history")]
    assert [client.get(address).status_code for address in pages] == [403] * len(pages)


def test_the_sidebar_shows_what_a_person_may_see(client):
    client.force_login(somebody())
    assert page(Topic, "changelist") not in client.get("/staff/").text
    client.force_login(somebody("reader"))
    text = client.get("/staff/").text
    assert page(Topic, "changelist") in text
    assert page(Subscriber, "changelist") not in text


@pytest.mark.parametrize(
    ("path", "lit"),
    [
        ("/staff/", "Start"),
        ("/staff/issues/", "Issues"),
        ("/staff/issues/newsletter/add/", "Newsletters"),
        ("/staff/reports/1/", "Reports"),
        ("/staff/none/", None),
    ],
)
def test_one_entry_of_the_sidebar_is_lit_at_most(superuser, rf, path, lit):
    request = rf.get(path)
    request.user = superuser
    items = [item for group in navigation(request) for item in group["items"]]
    assert [item["title"] for item in items if item["active"]] == ([lit] if lit else [])


@pytest.mark.parametrize("model", LEDGER, ids=lambda model: model._meta.label)
def test_records_cannot_be_edited_by_hand(client, superuser, world, model):
    client.force_login(superuser)
    record = world[model]
    for address in (page(model, "add"), page(model, "change", record.pk), page(model, "delete", record.pk)):
        assert client.post(address, {"post": "yes"}).status_code == 403
    assert model.objects.filter(pk=record.pk).exists()


@pytest.mark.parametrize("model", KEPT, ids=lambda model: model._meta.label)
def test_what_is_kept_cannot_be_deleted(client, superuser, world, model):
    client.force_login(superuser)
    assert client.post(page(model, "delete", world[model].pk), {"post": "yes"}).status_code == 403
    client.post(
        page(model, "changelist"),
        {"action": "delete_selected", "_selected_action": [world[model].pk], "post": "yes"},
    )
    assert model.objects.filter(pk=world[model].pk).exists()


@pytest.mark.parametrize("model", [Event, Subscriber, Consent], ids=lambda model: model._meta.label)
def test_lists_of_millions_are_not_counted(client, superuser, world, model, django_assert_max_num_queries):
    client.force_login(superuser)
    with django_assert_max_num_queries(15) as queries:
        client.get(page(model, "changelist"))
    assert not [query["sql"] for query in queries if "COUNT(" in query["sql"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=ANNA@EXAMPLE.ORG", ["anna@example.org"]),
        ("q=exam", ["anna@example.org", "left@example.org"]),
        ("q=alert", ["anna@example.org"]),
        ("list=weekly&state=active", ["anna@example.org"]),
        ("list=weekly&state=unsubscribed", []),
        ("list=%3Cnone%3E", []),
        ("suppressed=yes", ["left@example.org"]),
        ("suppressed=no", ["anna@example.org"]),
    ],
)
def test_subscribers_are_found(client, superuser, world, query, found):
    Suppression.objects.create(address="left@example.org", reason="manual")
    client.force_login(superuser)
    text = client.get(f"{page(Subscriber, 'changelist')}?{query}").text.lower()
    rows = text[text.index('id="result_list"') :] if 'id="result_list"' in text else ""
    assert [
        address for address in ("anna@example.org", "left@example.org") if f">{address}<" in rows
    ] == found


def test_a_subscriber_is_added_with_topics(client, superuser, world):
    client.force_login(superuser)
    form = {
        "email": " new@example.org ",
        "topic_ids": [world[Topic].pk],
        "attributes": "{}",
        "subscriptions-TOTAL_FORMS": 0,
        "subscriptions-INITIAL_FORMS": 0,
    }
    assert client.post(page(Subscriber, "add"), form).status_code == 302
    subscriber = Subscriber.objects.get(email="new@example.org")
    assert subscriber.topic_ids == [world[Topic].pk]
    answer = client.post(page(Subscriber, "add"), form | {"email": "ANNA@example.org"})
    assert "subscriber_address_unique_without_case" in answer.text
    assert client.post(page(Subscriber, "add"), form | {"email": "no address"}).status_code == 200


def test_staff_take_a_person_off_every_list_and_it_is_recorded(client, superuser, world):
    client.force_login(superuser)
    client.post(
        page(Subscriber, "changelist"),
        {"action": "take_off_every_list", "_selected_action": [world[Subscriber].pk]},
    )
    assert Subscription.objects.get().state == "unsubscribed"
    assert Consent.objects.get(action="left").source == "staff: root"
