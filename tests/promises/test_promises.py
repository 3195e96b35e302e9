"""The six promises, held after every step of any sequence of acts.

PROMISES_EXAMPLES=5000 runs so many sequences, new ones each time; without it they are the same few.
"""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from mailer.delivery import parts, plan
from tests.promises.machine import BATCH_SIZE, Promises

EXAMPLES = int(os.environ.get("PROMISES_EXAMPLES", "0"))


@pytest.mark.django_db
def test_the_promises_hold_in_any_order_of_acts(monkeypatch):
    for module in (plan, parts):
        monkeypatch.setattr(module, "BATCH_SIZE", BATCH_SIZE)
    run_state_machine_as_test(
        Promises,
        settings=settings(
            max_examples=EXAMPLES or 60,
            stateful_step_count=30,
            derandomize=not EXAMPLES,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
