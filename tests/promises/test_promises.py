"""The six promises, held after every step of any sequence of acts.

PROMISES_EXAMPLES=5000 tries so many sequences instead of a few, PROMISES_SEED=7 others. The same numbers are the same
sequences.
"""

import os

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from mailer.delivery.pacing import ceilings
from tests.promises.machine import Promises
from tests.promises.world import BATCH_SIZE

# After ten examples Hypothesis turns to repeating parts of those it has tried. New ones find more here.
EACH = 10
EXAMPLES = int(os.environ.get("PROMISES_EXAMPLES", "60"))
SEED = int(os.environ.get("PROMISES_SEED", "3"))


@pytest.mark.django_db
@pytest.mark.parametrize("number", [SEED * 1_000_000 + n for n in range(-(-EXAMPLES // EACH))])
def test_the_promises_hold_in_any_order_of_acts(number, monkeypatch):
    monkeypatch.setattr(ceilings, "BATCH_SIZE", BATCH_SIZE)
    run_state_machine_as_test(
        seed(number)(Promises),
        settings=settings(
            max_examples=EACH,
            stateful_step_count=30,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
