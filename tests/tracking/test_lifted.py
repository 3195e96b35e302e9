"""Events about an address that staff took off the suppressions."""

import time

import pytest

from subscribers.models import Suppression
from subscribers.suppressing.add import suppress
from subscribers.suppressing.lift import lift
from tests.tracking.ledger import SENT_AT, make_send
from tests.tracking.test_fold import fold_these

pytestmark = pytest.mark.django_db


def suppressed_by(kind: str, after: float, **own) -> set[str]:
    """The reasons for which the address is suppressed after such an event."""
    ledger = make_send(1)
    address = ledger.subscribers[0].email
    suppress(address, Suppression.Reason.MANUAL)
    lift(address, by="Anna", because="works again")
    fold_these(ledger.event(kind, after=after, **own))
    return set(Suppression.objects.filter(address=address).values_list("reason", flat=True))


def test_a_late_bounce_from_before_does_not_undo_it() -> None:
    assert suppressed_by("bounce", 60, type="bounce") == set()


def test_a_newer_bounce_suppresses_again() -> None:
    soon = time.time() - SENT_AT.timestamp() + 60
    assert suppressed_by("bounce", soon, type="bounce") == {"bounce"}


def test_a_complaint_always_suppresses() -> None:
    assert suppressed_by("spamreport", 60) == {"complaint"}


def test_what_sendgrid_reported_is_not_told_to_it() -> None:
    ledger = make_send(1)
    fold_these(ledger.event("bounce", type="bounce"))
    assert Suppression.objects.get().origin == "provider"
