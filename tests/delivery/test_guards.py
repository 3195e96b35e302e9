"""Rules of the ledger that the database holds itself."""

import uuid

import pytest
from django.db import IntegrityError, transaction

from mailer.delivery.claim import claim
from mailer.delivery.models import Batch, Delivery, Send
from mailer.delivery.plan import plan
from mailer.delivery.start import send_of, start
from mailer.delivery.submit import submit
from tests.newsroom import crowd, make_issue

pytestmark = pytest.mark.django_db


@pytest.fixture
def send() -> Send:
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, 2)
    send = send_of(issue)
    plan(send)
    start(send)
    assert claim(send.batches.get().pk) is not None
    return send


def refused(match: str):
    return pytest.raises(IntegrityError, match=match)


def test_a_subscriber_is_in_a_send_once(send):
    delivery = Delivery.objects.first()
    with refused("delivery_delivery_pkey"), transaction.atomic():
        Delivery.objects.create(send=send, subscriber_id=delivery.subscriber_id, batch_id=delivery.batch_id)


def test_two_batches_with_the_same_person_never_both_go_out():
    issue = make_issue()
    (person, other) = crowd(issue.newsletter.mailing_list, 2)
    send = send_of(issue)
    plan(send)
    first = send.batches.get()
    second = Batch.objects.create(send=send, edition=first.edition, subscriber_ids=[person.pk, other.pk])
    start(send)
    assert claim(first.pk) is not None
    submit(second.pk)
    send.refresh_from_db()
    second.refresh_from_db()
    assert (second.state, second.attempts) == ("waiting", 0)
    assert send.paused_because == "A batch holds somebody who is in this send already."


def test_a_batch_with_deliveries_is_never_deleted(send):
    with refused("never deleted"), transaction.atomic():
        Batch.objects.all()._raw_delete("default")


def test_states_are_known_ones(send):
    with refused("batch_state_is_known"), transaction.atomic():
        Batch.objects.update(state="lost", submission_id=uuid.uuid4())


def test_a_batch_in_flight_has_a_submission(send):
    with refused("batch_in_flight_has_a_submission"), transaction.atomic():
        Batch.objects.update(state="unknown", submission_id=None)


def test_a_planned_send_knows_its_candidates(send):
    with refused("send_is_planned_with_its_candidates"), transaction.atomic():
        Send.objects.update(candidates=None)
