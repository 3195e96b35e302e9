"""What foreign keys would say of subscriptions and consents, said for all rows of a statement at once."""

import pytest
from django.db import IntegrityError, connection, transaction

from subscribers.models import Consent, MailingList, Subscriber, Subscription


@pytest.fixture
def anna(db):
    return Subscriber.objects.create(email="anna@example.org")


@pytest.mark.parametrize("model", [Subscription, Consent])
def test_they_need_a_subscriber_and_a_list(anna, weekly, model):
    kind = {"state": "active"} if model is Subscription else {"action": "imported", "source": "x"}
    with pytest.raises(IntegrityError, match="needs a subscriber"), transaction.atomic():
        model.objects.create(subscriber_id=anna.pk + 1, mailing_list=weekly, **kind)
    with pytest.raises(IntegrityError, match="needs a mailing list"), transaction.atomic():
        model.objects.create(subscriber=anna, mailing_list_id=weekly.pk + 1, **kind)
    model.objects.create(subscriber=anna, mailing_list=weekly, **kind)


@pytest.mark.parametrize("model", [Subscription, Consent])
def test_one_wrong_row_of_many_is_found(anna, weekly, model):
    kind = {"state": "active"} if model is Subscription else {"action": "imported", "source": "x"}
    with pytest.raises(IntegrityError, match="needs a subscriber"), transaction.atomic():
        model.objects.bulk_create(
            model(subscriber_id=number, mailing_list=weekly, **kind) for number in (anna.pk, anna.pk + 1)
        )


def test_a_list_that_is_used_is_not_deleted_and_another_is(anna, weekly):
    empty = MailingList.objects.create(slug="empty", name="Empty")
    Subscription.objects.create(subscriber=anna, mailing_list=weekly, state="active")
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        connection.cursor().execute("DELETE FROM subscribers_mailinglist")
    connection.cursor().execute("DELETE FROM subscribers_mailinglist WHERE id = %s", [empty.pk])


def test_a_subscription_stays_with_its_subscriber_and_its_list(anna, weekly):
    other = Subscriber.objects.create(email="bo@example.org")
    subscription = Subscription.objects.create(subscriber=anna, mailing_list=weekly, state="active")
    subscription.subscriber = other
    with pytest.raises(IntegrityError, match="stays with its subscriber"), transaction.atomic():
        subscription.save()
    subscription.subscriber = anna
    subscription.save()
