"""Waiting for a condition of something outside this process."""

import time
from collections.abc import Callable

STEP = 0.05
"""Seconds between two looks."""


def wait_until(condition: Callable[[], bool], limit: float) -> bool:
    """Look again and again until the condition holds. Returns False when it still does not after `limit` seconds."""
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(STEP)
    return True
