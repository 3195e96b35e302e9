"""What the doctor says of PostgreSQL, Redis, workers and beat."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import redis
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connection

from mailer.delivery.tasks import SWEPT_AT
from mailer.doctor import database
from mailer.doctor.processes import judge_beat, judge_workers
from mailer.doctor.result import State
from mailer.local.ports import free_port
from mailer.vitals import pulse
from mailer.vitals.store import store
from tests.doctor.conftest import database_away

GB = 1_000_000_000
DATABASE = ("PostgreSQL", "migrations", "size and space", "transaction age", "clock")


@pytest.mark.django_db
def test_a_good_database_is_fine_in_everything(ask):
    for name in DATABASE:
        assert ask("Database", name).state == State.FINE
    assert "embedded, under" in ask("Database", "PostgreSQL").seen


@pytest.mark.django_db
def test_a_migration_that_was_not_applied_is_named(ask):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'issues' AND name LIKE '0001%'")
    result = ask("Database", "migrations")
    assert result.state == State.WRONG
    assert "issues.0001_initial" in result.seen
    assert result.todo == "Run: mailer migrate"


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_is_wrong_once_and_unseen_otherwise(ask):
    with database_away():
        states = [ask("Database", name).state.value for name in DATABASE]
    assert states == ["wrong", "unseen", "unseen", "unseen", "unseen"]


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (database.judge_version(150_004, "15.4", "db"), database.judge_version(149_999, "14.9", "db")),
        (database.judge_space(GB, 11 * GB, 100 * GB), database.judge_space(GB, 9 * GB, 100 * GB)),
        (database.judge_age(200_000_000), database.judge_age(1_600_000_000)),
        (database.judge_clock(1004.0, 1000.0, 1000.1), database.judge_clock(1006.0, 1000.0, 1000.1)),
        (database.judge_clock(994.0, 990.0, 1000.0), database.judge_clock(994.0, 1000.0, 1000.1)),
    ],
    ids=["version", "space", "age", "ahead", "behind"],
)
def test_what_the_database_says_is_judged(good, bad):
    assert (good.state, bad.state) == (State.FINE, State.WRONG)


@contextmanager
def evicting(policy: str, memory: str) -> Iterator[None]:
    """Redis as somebody else set it up; far from running out of memory."""
    with redis.Redis.from_url(django_settings.ENVIRONMENT.redis_url) as client:
        before = client.config_get("maxmemory*")
        client.config_set("maxmemory-policy", policy)
        client.config_set("maxmemory", memory)
        try:
            yield
        finally:
            for name in ("maxmemory", "maxmemory-policy"):
                client.config_set(name, before[name])


def test_redis_must_throw_nothing_away(ask):
    for name in ("Redis", "Redis: eviction", "Redis: persistence"):
        assert ask("Queue", name).state == State.FINE
    with evicting("allkeys-lru", "0"):
        assert ask("Queue", "Redis: eviction").state == State.FINE
    with evicting("allkeys-lru", "64gb"):
        assert ask("Queue", "Redis: eviction").state == State.WRONG


def test_redis_that_is_away_is_wrong_once(ask, settings):
    away = f"redis://:hunter2@127.0.0.1:{free_port()}/0"
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, redis_url=away)
    assert ask("Queue", "Redis").state == State.WRONG
    assert ask("Queue", "Redis: eviction").state == ask("Queue", "Redis: persistence").state == State.UNSEEN
    assert ask("Queue", "Redis of the queue").state == State.FINE


def test_rabbitmq_that_is_away_is_wrong(ask, settings):
    away = f"amqp://mailer:hunter2@127.0.0.1:{free_port()}//"
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, celery_broker_url=away)
    result = ask("Queue", "RabbitMQ")
    assert result.state == State.WRONG
    assert "hunter2" not in result.seen


def test_beat_is_known_by_its_pulse(ask):
    store().delete(pulse.KEY)  # what other tests left may count as alive still
    cache.set(SWEPT_AT, time.time(), timeout=None)
    assert ask("Processes", "beat").state == State.WRONG
    pulse.beat("beat", "one")
    try:
        found = ask("Processes", "beat")
    finally:
        pulse.end("beat", "one")
        cache.delete(SWEPT_AT)
    assert found.state == State.FINE
    assert "one; the last sweep" in found.seen


@pytest.mark.parametrize(
    ("names", "silent", "state", "todo"),
    [
        (["a"], 3.0, State.FINE, ""),
        (["a", "b"], 3.0, State.FINE, "Keep one"),
        ([], 3.0, State.WRONG, "mailer beat"),
        (["a"], 61.0, State.WRONG, "See: workers"),
        (["a"], None, State.WRONG, "See: workers"),
    ],
)
def test_beat_is_judged_by_what_comes_of_it(names, silent, state, todo):
    result = judge_beat(names, silent)
    assert result.state == state
    assert todo in result.todo
    assert bool(todo) == bool(result.todo)


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ({}, State.WRONG),
        ({"worker1@a": ["send", "mailer"], "worker2@a": ["mailer"]}, State.WRONG),
        ({"worker1@a": ["send", "mailer"], "worker2@a": ["letters"]}, State.FINE),
    ],
)
def test_every_queue_needs_a_worker(answers, state):
    result = judge_workers(answers)
    assert result.state == state
    assert ("letters" in result.seen) == bool(answers and state == State.WRONG)
