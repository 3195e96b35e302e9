"""One measured send: from the trigger to the last acceptance."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailer.local.waiting import wait_until

if TYPE_CHECKING:
    from mailer.issues.models import Issue

LIMIT = 600
"""Seconds for everything to be accepted."""


@dataclass(frozen=True)
class Sent:
    """Seconds: of the plan, of handing the batches to the queue, and from then until the last was accepted."""

    recipients: int
    plan: float
    hand_out: float
    follow: float

    @property
    def send(self) -> float:
        """From the planned send to the last acceptance."""
        return self.hand_out + self.follow

    @property
    def total(self) -> float:
        """From the trigger to the last acceptance."""
        return self.plan + self.send


def send_out(issue: Issue, recipients: int) -> Sent:
    """Plan and send an issue to the people on its list."""
    from mailer.delivery.plan import plan
    from mailer.delivery.progress import progress
    from mailer.delivery.start import send_of, start

    send = send_of(issue)
    began = time.perf_counter()
    plan(send)
    planned = time.perf_counter()
    start(send)
    handed_out = time.perf_counter()
    if not wait_until(lambda: progress(send).accepted == recipients, LIMIT):
        raise SystemExit(f"Not everything was accepted within {LIMIT} s: {progress(send)}")
    ended = time.perf_counter()
    return Sent(recipients, planned - began, handed_out - planned, ended - handed_out)
