"""The real processes of an installation, on this test's database, queue and emulator."""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from django.core.management import call_command
from django.db import connection

from mailer.emulator.config import LOCAL_API_KEY, EmulatorConfig, EmulatorWorld
from mailer.emulator.server import EmulatorServer
from tests import prepared
from tests.breakable import Broker, Postgres, RabbitMQ, Redis, on_database
from tests.emptying import allow_emptying
from tests.inbox import Inbox
from tests.installation import QUIET_READERS, Installation

TIMEOUT = 5
"""Seconds that workers wait for an answer."""


@pytest.fixture
def installation(transactional_db, settings, tmp_path) -> Iterator[Installation]:
    """Everything but the processes is up: `installation.start("web", "worker", "beat")`.

    The emulator's readers all get their mail and do nothing more; its events are held back until
    `installation.inbox.call("POST", "world", {"paused": False})`.
    """
    redis.Redis.from_url(os.environ["REDIS_URL"]).flushdb()
    with installed(tmp_path) as running:
        talk_to(settings, running)
        yield running


@contextmanager
def installed(logs: Path) -> Iterator[Installation]:
    """An emulator, and an installation on the suite's database and queue whose processes are killed at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        web_port = probe.getsockname()[1]
    config = EmulatorConfig(
        port=0,
        webhook_url=f"http://127.0.0.1:{web_port}/webhooks/sendgrid/events",
        world=EmulatorWorld(**QUIET_READERS),
    )
    with EmulatorServer(config) as emulator:
        environment = {
            **os.environ,
            "DATABASE_URL": _on_test_database(os.environ["DATABASE_URL"]),
            "SENDGRID_HOST": emulator.url,
            "SENDGRID_API_KEY": LOCAL_API_KEY,
            "SENDGRID_WEBHOOK_KEYS": emulator.public_key,
            "SENDGRID_TIMEOUT": str(TIMEOUT),
            "PUBLIC_URL": f"http://127.0.0.1:{web_port}",
        }
        running = Installation(environment, Inbox(emulator.url), web_port, logs)
        running.inbox.call("POST", "world", {"paused": True})
        try:
            yield running
        finally:
            running.stop()


def talk_to(settings, installation: Installation) -> None:
    """Let this process talk to the installation's emulator, as its processes do."""
    settings.ENVIRONMENT = replace(
        settings.ENVIRONMENT, sendgrid_host=installation.inbox.url, sendgrid_timeout=float(TIMEOUT)
    )


@pytest.fixture
def postgres(installation, own_postgres) -> Iterator[Postgres]:
    """The installation, and this process, on a PostgreSQL that the test may break."""
    installation.environment["DATABASE_URL"] = own_postgres.url
    with on_database(own_postgres.url):
        call_command("flush", interactive=False, inhibit_post_migrate=True)
        yield own_postgres
        installation.stop()
        own_postgres.start()


@pytest.fixture
def broker(request, installation, monkeypatch) -> Iterator[Broker]:
    """The installation, and this process, on a queue that the test may break: Redis, or what the test asks for.

    @pytest.mark.parametrize("broker", ["redis", "rabbitmq"], indirect=True)
    """
    kind = getattr(request, "param", "redis")
    broker: Broker = request.getfixturevalue(f"own_{kind}")
    broker.empty()
    for name in ("REDIS_URL", "CELERY_BROKER_URL") if kind == "redis" else ("CELERY_BROKER_URL",):
        installation.environment[name] = broker.url
    monkeypatch.setenv("CELERY_BROKER_URL", broker.url)  # Celery reads it before its own settings
    yield broker
    installation.stop()
    broker.start()


@pytest.fixture(scope="session")
def own_folder() -> Iterator[Path]:
    # None of pytest's: another pytest closes those to the user that PostgreSQL runs as where the tests run as root.
    with tempfile.TemporaryDirectory(prefix="mailer-faults-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def own_postgres(own_folder, django_db_blocker) -> Iterator[Postgres]:
    prepared.data_folder(own_folder / "postgres")
    server = Postgres(own_folder / "postgres")
    try:
        with django_db_blocker.unblock(), on_database(server.url):
            allow_emptying()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def own_redis(own_folder) -> Iterator[Redis]:
    server = Redis(own_folder / "redis")
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def own_rabbitmq(own_folder) -> Iterator[RabbitMQ]:
    if not RabbitMQ.PROGRAM.exists():
        pytest.skip(RabbitMQ.MISSING)
    server = RabbitMQ(own_folder / "rabbitmq")
    try:
        yield server
    finally:
        server.stop()


def _on_test_database(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{connection.settings_dict['NAME']}"))
