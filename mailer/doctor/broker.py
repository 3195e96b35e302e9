"""Redis, and the queue where that is something else. They hold no truth, but no request is made without them."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import redis
from kombu import Connection
from redis import RedisError

from mailer.doctor.installation import Installation
from mailer.doctor.result import CannotSee, Check, Verdict, fine, wrong

SUBJECT = "Queue"
LIMIT = 5.0
"""Seconds to wait for an answer."""
OLDEST = (6, 0)


def checks(installation: Installation) -> Iterator[Check]:
    """Of Redis; and whether the queue answers where another server carries it."""
    urls = {"Redis": installation.environment.redis_url}
    queue = installation.environment.celery_broker_url
    if queue.startswith("amqp"):
        yield Check(SUBJECT, "RabbitMQ", partial(_rabbit, queue))
    elif queue != installation.environment.redis_url:
        urls["Redis of the queue"] = queue
    for name, url in urls.items():
        yield Check(SUBJECT, name, partial(_server, url))
        yield Check(SUBJECT, f"{name}: eviction", partial(_eviction, url))
        yield Check(SUBJECT, f"{name}: persistence", partial(_persistence, url))


def _info(url: str) -> dict[str, Any]:
    with redis.Redis.from_url(url, socket_timeout=LIMIT, socket_connect_timeout=LIMIT) as client:
        return dict(client.info("everything"))


def _server(url: str) -> Verdict:
    try:
        info = _info(url)
    except RedisError as error:
        return wrong(
            f"It does not answer ({type(error).__name__}), so no request begins. Nothing is lost: what is due waits in "
            "PostgreSQL.",
            "Check REDIS_URL and CELERY_BROKER_URL, and that Redis runs.",
        )
    version = str(info.get("redis_version", "?"))
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if numbers < OLDEST:
        return wrong(f"Version {version}.", "Update it: Redis 6 or newer.")
    return fine(f"Version {version}, {info.get('used_memory_human', '?')} in use.")


def _seen(url: str) -> dict[str, Any]:
    try:
        return _info(url)
    except RedisError as error:
        raise CannotSee(f"Redis does not answer ({type(error).__name__}).") from error


def _eviction(url: str) -> Verdict:
    info = _seen(url)
    policy, most = info.get("maxmemory_policy"), info.get("maxmemory")
    if policy is None:
        raise CannotSee("This Redis does not tell its policy (INFO memory).")
    if policy == "noeviction":
        return fine("noeviction.")
    if most == 0:
        return fine(f"{policy}, but without a limit of memory nothing is evicted.")
    return wrong(
        f"{policy}: when memory runs short it throws away tasks and the pace.",
        "Set maxmemory-policy to noeviction, for example: redis-cli CONFIG SET maxmemory-policy noeviction",
    )


def _persistence(url: str) -> Verdict:
    info = _seen(url)
    if info.get("rdb_last_bgsave_status") == "err":
        return wrong(
            "The last snapshot could not be written, and Redis may refuse writes until one can.",
            "Look for a full disk or missing rights in Redis's log.",
        )
    kept = "an append-only file" if info.get("aof_enabled") else "snapshots, or nothing"
    return fine(f"Keeps {kept}. It may lose all it holds: what is due is in PostgreSQL.")


def _rabbit(url: str) -> Verdict:
    try:
        with Connection(url, connect_timeout=LIMIT) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=round(LIMIT))
            properties = getattr(connection.connection, "server_properties", {})
    except Exception as error:  # each transport has its own
        return wrong(
            f"It does not answer ({type(error).__name__}). Nothing is lost: what is due waits in PostgreSQL.",
            "Check CELERY_BROKER_URL, and that RabbitMQ runs.",
        )
    return fine(f"{properties.get('product', 'The server')} {properties.get('version', '')}.")
