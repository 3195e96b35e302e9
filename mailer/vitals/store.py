"""The Redis of all of them: with little patience, because whoever asks must not wait for it."""

from functools import lru_cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

ANSWERS_WITHIN = 0.5
"""Seconds."""


def store() -> "redis.Redis":
    """This process's client. Safe to share between threads."""
    return _client(settings.ENVIRONMENT.redis_url)


@lru_cache(maxsize=4)
def _client(redis_url: str) -> "redis.Redis":
    # Once more over a new connection, because one that waited here may have been closed meanwhile. Not after a time-out:
    # what was asked for may have been done, and would be counted twice.
    return redis.Redis.from_url(
        redis_url,
        decode_responses=True,
        socket_timeout=ANSWERS_WITHIN,
        socket_connect_timeout=ANSWERS_WITHIN,
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )
