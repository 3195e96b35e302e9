"""When SendGrid takes calls about suppressions again, after it said that there were too many (429)."""

import time

from django.core.cache import cache

from mailer.sendgrid.errors import CallFailed

KEY = "suppression_calls_from"
LONGEST = 3600
"""Seconds that are waited at most, whatever the answer says."""
UNSAID = 60
"""Seconds that are waited where it does not say."""


def seconds_to_wait() -> float:
    """How long no call should be made. 0: now. Where the cache was emptied it is tried at once, and SendGrid says so
    again."""
    return max(0.0, min(float(cache.get(KEY, 0)) - time.time(), LONGEST))


def keep_turn(failure: CallFailed) -> None:
    """Take in what a failed call says of when to call again."""
    if failure.status == 429:
        until = failure.until or time.time() + UNSAID
        wait = max(1.0, min(until - time.time(), LONGEST))
        cache.set(KEY, time.time() + wait, timeout=int(wait) + 1)
