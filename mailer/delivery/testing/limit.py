"""How often somebody may send test mails, counted in Redis. Where that is away nothing goes out anyway: see pace.py."""

from time import time

import structlog
from django.core.cache import cache
from redis.exceptions import RedisError

from mailer.delivery.testing.errors import TooManyTests

log = structlog.get_logger()
MOST, SECONDS = 20, 600
"""So many tests a person, in so many seconds."""


def count_test(who: str) -> None:
    """Count a test of somebody's.

    Args:
        who: tells them from others, such as the number of a user.
    Raises:
        TooManyTests: it was one too many.
    """
    now = int(time())
    window = now // SECONDS
    key = f"test-mails:{window}:{who}"
    try:
        cache.add(key, 0, timeout=SECONDS)
        count = cache.incr(key)
    except (RedisError, OSError) as error:
        log.warning("tests_not_counted", error=type(error).__name__)
        return
    except ValueError:  # it ran out between the two
        return
    if count > MOST:
        minutes = -(-((window + 1) * SECONDS - now) // 60)
        raise TooManyTests(
            f"That were {MOST} tests in {SECONDS // 60} minutes: go on in {minutes} "
            f"minute{'s' if minutes > 1 else ''}."
        )
