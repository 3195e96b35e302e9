"""Rebuilding every figure: what it is told of on the way, and the command."""

from io import StringIO

import pytest
from django.core.management import call_command

from mailer.tracking import replay
from mailer.tracking.replay import rebuild
from tests.tracking.ledger import make_send
from tests.tracking.state import state
from tests.tracking.test_fold import fold_these

pytestmark = pytest.mark.django_db
MONTH = 31 * 24 * 3600


def test_it_goes_through_all_months_a_step_at_a_time_and_tells_how_far_it_is(monkeypatch):
    ledger = make_send(3)
    fold_these(
        ledger.event("open", 2, after=MONTH),
        ledger.event("delivered", 2, after=1),
        ledger.event("click", 0, after=2 * MONTH, url="https://example.org/tea"),
        ledger.event("delivered", 0, after=2),
        ledger.event("open", 1, after=9),
    )
    monkeypatch.setattr(replay, "LIMIT", 2)
    before, told = state(), []
    assert rebuild(lambda done, of: told.append((done, of))) == 5
    assert told == [(0, 5), (2, 5), (4, 5), (5, 5)]
    assert state() == before


def test_the_command_says_how_many_events_it_read():
    ledger = make_send(1)
    fold_these(ledger.event("open"), ledger.event("delivered"))
    out = StringIO()
    call_command("replay", stdout=out)
    assert "All figures were rebuilt from 2 events." in out.getvalue()
