"""How often anybody may sign up: per network and per address, counted in Redis.

Redis holds no truth. Where it is away nobody is turned back, which is logged; that an address gets no second
confirmation mail within an hour stands in the database (see sign_up.py).
"""

from dataclasses import dataclass
from hashlib import sha256
from time import time

import structlog
from django.core.cache import cache
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Limit:
    """So many in so many seconds."""

    most: int
    seconds: int


PER_NETWORK = Limit(30, 600)
PER_ADDRESS = Limit(5, 3600)


class TooMany(Exception):
    """The limit is reached; `wait` seconds and it is not any more."""

    code = "too_many"

    def __init__(self, wait: int) -> None:
        super().__init__(f"Too many sign-ups. Try again in {wait} seconds.")
        self.wait = wait


def count_network(network: str) -> None:
    """Count a try from a network (see network.py).

    Raises:
        TooMany: it was one too many.
    """
    _count(PER_NETWORK, "network", network)


def count_address(email: str) -> None:
    """Count a try for an address, known or not.

    Raises:
        TooMany: it was one too many.
    """
    # The key is a keyed hash: no address stands in Redis.
    keyed = salted_hmac("sign-up limits", email.lower(), algorithm="sha256").hexdigest()
    _count(PER_ADDRESS, "address", keyed)


def _count(limit: Limit, kind: str, whose: str) -> None:
    now = int(time())
    window = now // limit.seconds
    key = f"sign-up:{kind}:{window}:{sha256(whose.encode()).hexdigest()[:32]}"
    try:
        cache.add(key, 0, timeout=limit.seconds)
        count = cache.incr(key)
    except (RedisError, OSError) as error:
        log.warning("sign_up_not_counted", kind=kind, error=type(error).__name__)
        return
    except ValueError:  # it ran out between the two
        return
    if count > limit.most:
        log.info("sign_up_limited", kind=kind)
        raise TooMany((window + 1) * limit.seconds - now)
