"""Whose absence from SendGrid's logs counts as evidence, and whose does not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailer.delivery.evidence import LOOK_AGAIN, LOOKS, SAFE_WAIT, look_for_evidence
from mailer.delivery.models import Submission
from mailer.delivery.progress import progress
from mailer.delivery.submit import sendgrid, submit
from subscribers.models import Subscriber
from tests.delivery.test_submit import one_batch

pytestmark = pytest.mark.django_db


def look_until_it_counts() -> None:
    """As often as it takes to disprove an acceptance."""
    moment = timezone.now() + SAFE_WAIT + timedelta(seconds=1)
    for _ in range(LOOKS):
        look_for_evidence(sendgrid(), moment)
        moment += LOOK_AGAIN + timedelta(seconds=1)


def correct(subscriber_id: int) -> None:
    """Staff writes another address into a subscriber."""
    person = Subscriber.objects.get(pk=subscriber_id)
    person.email, person.changed_at = f"new.{person.email}", timezone.now()
    person.save(update_fields=["email", "changed_at"])


def test_a_corrected_address_is_no_witness_that_nothing_was_accepted(inbox):
    send, batch = one_batch(1)
    inbox.fail("reset_after", count=1)
    submit(batch.pk)
    assert len(inbox.messages()) == 1
    correct(batch.subscriber_ids[0])
    look_until_it_counts()
    assert progress(send).unknown == 1
    assert Submission.objects.get().fruitless_looks == 0


def test_those_whose_address_is_still_the_same_are_asked_instead(inbox):
    send, batch = one_batch(5)
    inbox.fail("reset_after", count=1)
    submit(batch.pk)
    for subscriber_id in batch.subscriber_ids[:4]:
        correct(subscriber_id)
    look_until_it_counts()
    assert progress(send).accepted == len(inbox.messages()) == 5


def test_a_clock_that_is_fast_does_not_hide_what_was_accepted(inbox):
    send, batch = one_batch(1)
    inbox.fail("reset_after", count=1)
    submit(batch.pk)
    Submission.objects.update(started_at=timezone.now() + timedelta(minutes=10))
    look_for_evidence(sendgrid(), timezone.now() + timedelta(minutes=10) + SAFE_WAIT * 2)
    assert progress(send).accepted == 1
