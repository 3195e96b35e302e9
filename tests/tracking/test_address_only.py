"""Events whose delivery, or whose person, cannot be told by the address of today."""

import pytest

from mailer.tracking.models import Event
from mailer.tracking.replay import rebuild
from subscribers.models import Subscriber
from subscribers.privacy.erase import erase
from tests.tracking.ledger import Ledger, make_send
from tests.tracking.state import state
from tests.tracking.test_fold import at, fold_these

pytestmark = pytest.mark.django_db
NAMED = ("mailer_send", "mailer_subscriber", "mailer_submission", "sg_message_id")


@pytest.fixture
def ledger() -> Ledger:
    return make_send(2)


def nameless_bounce(ledger: Ledger) -> None:
    bounce = ledger.event("bounce", type="bounce", reason="550 5.1.1", ip="203.0.113.9")
    fold_these({name: value for name, value in bounce.items() if name not in NAMED})


def test_a_bounce_without_names_still_counts_after_a_replay_though_the_address_has_changed(
    ledger: Ledger,
) -> None:
    nameless_bounce(ledger)
    Subscriber.objects.filter(pk=ledger.subscribers[0].pk).update(email="elsewhere@example.org")
    before = state()
    assert ledger.delivery().bounced_at == at(60)
    rebuild()
    assert state() == before


def test_it_is_scrubbed_though_the_address_has_changed(ledger: Ledger) -> None:
    nameless_bounce(ledger)
    person = ledger.subscribers[0]
    Subscriber.objects.filter(pk=person.pk).update(email="elsewhere@example.org")
    erase(person.pk, by="the person", source="page")
    assert not {"email", "ip"} & Event.objects.get().payload.keys()
    before = state()
    rebuild()
    assert state() == before


def test_a_late_event_of_a_letter_is_scrubbed_by_the_number_that_it_names(ledger: Ledger) -> None:
    """It names no send, and the person had another address by the time they were erased."""
    person = ledger.subscribers[0]
    event = ledger.event("open", email="formerly@example.org", ip="203.0.113.9", mailer_letter="5")
    del event["mailer_send"]
    erase(person.pk, by="the person", source="page")
    fold_these(event)
    assert not {"email", "ip"} & Event.objects.get().payload.keys()
