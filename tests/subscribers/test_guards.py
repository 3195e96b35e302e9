import pytest
from django.db import IntegrityError, transaction

from subscribers.models import Consent, MailingList, Subscriber, Topic

pytestmark = pytest.mark.django_db


def test_an_address_is_unique_without_case():
    Subscriber.objects.create(email="Anna@example.org")
    with pytest.raises(IntegrityError, match="subscriber_address_unique_without_case"), transaction.atomic():
        Subscriber.objects.create(email="anna@EXAMPLE.org")


def test_consent_can_neither_be_changed_nor_deleted():
    subscriber = Subscriber.objects.create(email="anna@example.org")
    mailing_list = MailingList.objects.create(slug="weekly", name="Weekly")
    consent = Consent.objects.create(
        subscriber=subscriber, mailing_list=mailing_list, action=Consent.Action.IMPORTED, source="people.csv"
    )
    for forbidden in (consent.delete, lambda: Consent.objects.update(source="elsewhere")):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            forbidden()
    assert Consent.objects.get().source == "people.csv"


def test_a_topic_is_retired_and_never_deleted():
    topic = Topic.objects.create(slug="policy", name="Policy")
    with pytest.raises(IntegrityError, match="retire it"), transaction.atomic():
        topic.delete()


def test_a_subscriber_is_never_deleted():
    Subscriber.objects.create(email="anna@example.org")
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        Subscriber.objects.all().delete()
