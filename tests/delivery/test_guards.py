"""Rules of the ledger that the database holds itself."""

import uuid

import pytest
from django.db import IntegrityError, transaction

from mailer.delivery.models import Batch, Delivery, Send
from mailer.delivery.plan import plan
from mailer.delivery.start import send_of
from tests.newsroom import crowd, make_issue

pytestmark = pytest.mark.django_db


@pytest.fixture
def send() -> Send:
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, 2)
    send = send_of(issue)
    plan(send)
    return send


def refused(match: str):
    return pytest.raises(IntegrityError, match=match)


def test_a_subscriber_is_in_a_send_once(send):
    delivery = Delivery.objects.first()
    with refused("delivery_delivery_pkey"), transaction.atomic():
        Delivery.objects.create(send=send, subscriber_id=delivery.subscriber_id, batch_id=delivery.batch_id)


def test_a_delivery_needs_a_subscriber_and_a_batch_of_its_own_send(send):
    other = send_of(make_issue())
    subscriber = crowd(make_issue().newsletter.mailing_list, 1)[0]
    batch = Batch.objects.get()
    for wrong in ({"send": other}, {"batch_id": batch.pk + 1000}, {"subscriber_id": subscriber.pk + 1000}):
        row = {"send": send, "batch_id": batch.pk, "subscriber_id": subscriber.pk, **wrong}
        with refused("A delivery needs"), transaction.atomic():
            Delivery.objects.create(**row)


def test_a_batch_with_deliveries_is_never_deleted(send):
    with refused("never deleted"), transaction.atomic():
        Batch.objects.all()._raw_delete("default")


def test_states_are_known_ones(send):
    with refused("batch_state_is_known"), transaction.atomic():
        Batch.objects.update(state="lost", submission_id=uuid.uuid4())


def test_a_batch_in_flight_has_a_submission(send):
    with refused("batch_in_flight_has_a_submission"), transaction.atomic():
        Batch.objects.update(state="unknown")


def test_a_planned_send_knows_its_candidates(send):
    with refused("send_is_planned_with_its_candidates"), transaction.atomic():
        Send.objects.update(candidates=None)
