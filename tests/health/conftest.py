import os
from collections.abc import Iterator
from dataclasses import replace

import pytest
import redis

from mailer.health.checks import look
from mailer.health.state import suppressions
from mailer.local.ports import free_port
from mailer.vitals import flows
from tests.faults.conftest import installation as installation


@pytest.fixture(autouse=True)
def _nothing_before() -> None:
    """No process ran and nothing was counted before a test."""
    redis.Redis.from_url(os.environ["REDIS_URL"]).flushdb()
    look.forget()
    suppressions.forget()


@pytest.fixture
def redis_away(settings, monkeypatch) -> Iterator[None]:
    """Nobody listens where Redis should be."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, redis_url=f"redis://127.0.0.1:{free_port()}/0")
    monkeypatch.setattr(flows, "_silent_until", 0.0)
    yield
    monkeypatch.setattr(flows, "_silent_until", 0.0)
