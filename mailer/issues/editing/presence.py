"""Who has an issue open, and which field they are in: kept in Redis for seconds, so that losing it loses nothing."""

import json
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import redis
import structlog
from django.conf import settings

log = structlog.get_logger()

GONE_AFTER = 25
"""Seconds after which somebody who says nothing is not there any more: three times what pages wait between two words."""
_FIELD = 120
_LIMIT = 0.5


@dataclass(frozen=True, slots=True)
class Somebody:
    """Somebody else who has the issue open. `seconds` since they were heard of."""

    name: str
    field: str | None
    seconds: int


@lru_cache(maxsize=1)
def _redis() -> "redis.Redis":
    return redis.Redis.from_url(
        settings.ENVIRONMENT.redis_url, socket_timeout=_LIMIT, socket_connect_timeout=_LIMIT
    )


def meet(issue_id: int, user_id: int, name: str, field: str | None, client: str = "") -> list[Somebody]:
    """Say that somebody is there, and hear who else is.

    Args:
        field: the path of the field that they are in, None for none.
        client: tells the pages of one person apart.
    Returns: the others, whoever was heard of last first; nobody where Redis does not answer.
    """
    place, me = f"mailer:editing:{issue_id}", f"{user_id}:{client}"
    said = json.dumps([name, field[:_FIELD] if field else None, time.time()])
    try:
        with _redis().pipeline(transaction=False) as pipe:
            pipe.hset(place, me, said)
            pipe.expire(place, 4 * GONE_AFTER)
            pipe.hgetall(place)
            heard = cast(dict[bytes, bytes], pipe.execute()[-1])
    except redis.RedisError as error:
        log.warning("presence_away", error=type(error).__name__)
        return []
    del heard[me.encode()]
    others = [_somebody(user_id, who.decode(), json.loads(word)) for who, word in heard.items()]
    there = (somebody for somebody in others if somebody.seconds < GONE_AFTER)
    return sorted(there, key=lambda somebody: somebody.seconds)


def _somebody(user_id: int, who: str, said: list[Any]) -> Somebody:
    name, field, at = said
    if who.partition(":")[0] == str(user_id):
        name = "You, in another window"
    return Somebody(name, field, max(0, round(time.time() - at)))
