"""Servers of a test's own, that it may kill, restart and empty. Each comes back on the same address."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import psycopg
import redis
from amqp.exceptions import AMQPError, ChannelError
from django.db import connection
from kombu import Connection

from mailer.config.environment import database
from mailer.local import postgres_server, redis_server
from mailer.local.ports import free_port
from mailer.local.waiting import wait_until

LIMIT = 60
"""Seconds to wait for a server."""


class Broker(Protocol):
    """A queue that can be broken. `start` does nothing where it runs."""

    url: str

    def start(self) -> None: ...
    def kill(self) -> None: ...
    def empty(self) -> None: ...
    def stop(self) -> None: ...


class Redis:
    """The embedded Redis, in a folder. `start` finds it running too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = ""
        self.start()

    def start(self) -> None:
        self.url = redis_server.start(self._folder)

    def kill(self) -> None:
        """Kill it: what it had not written down is gone."""
        os.kill(int((self._folder / "redis.pid").read_text()), signal.SIGKILL)
        assert wait_until(lambda: not redis_server.running(self._folder), LIMIT)

    def empty(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def stop(self) -> None:
        redis_server.stop(self._folder)


class Postgres:
    """The embedded PostgreSQL, in a folder. `start` finds it running too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = ""
        self.start()

    def start(self) -> None:
        self.url = postgres_server.start(self._folder)

    def stop(self) -> None:
        """Let it end as for a restart: connections are closed, what is not committed is rolled back."""
        postgres_server.stop(self._folder)

    def crash(self) -> None:
        """Let it end at once, as for a power cut; its log is replayed at the next start."""
        server = postgres_server.running(self._folder)
        assert server
        os.kill(server.pid, signal.SIGQUIT)
        assert wait_until(lambda: postgres_server.running(self._folder) is None, LIMIT)

    def cut_connections(self) -> int:
        """Cut everybody's connection. Returns how many there were."""
        with psycopg.connect(self.url, autocommit=True) as own:
            cut = own.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return len(cut.fetchall())


class RabbitMQ:
    """RabbitMQ as Debian packages it, in a folder, on loopback ports of its own."""

    PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    """Not the one on the PATH: that changes to a user of its own and drops the environment."""
    MISSING = (
        "There is no RabbitMQ. Install Debian's rabbitmq-server package: apt-get install rabbitmq-server"
    )

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._child: subprocess.Popen[bytes] | None = None
        port = free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{port}//"
        (folder / "plugins").write_text("[].\n")
        self._environment = {
            **os.environ,
            "HOME": str(folder),  # the cookie lies there
            "RABBITMQ_NODENAME": f"mailer-{port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "none"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(free_port()),
        }
        self.start()

    def start(self) -> None:
        if self._child:
            return
        with (self._folder / "rabbitmq.log").open("ab") as log:
            self._child = subprocess.Popen(
                [self.PROGRAM],
                env=self._environment,
                cwd=self._folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        assert wait_until(self._answers, LIMIT), (self._folder / "rabbitmq.log").read_text()[-3000:]

    def kill(self) -> None:
        """Kill it: what it had written down comes back."""
        if self._child:
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait(LIMIT)
            self._child = None

    def empty(self) -> None:
        with Connection(self.url) as queue:
            for name in ("send", "mailer"):
                with suppress(ChannelError):  # it is made at first use
                    queue.channel().queue_purge(name)

    def stop(self) -> None:
        """End it, and the daemon that names nodes: it puts itself into the background."""
        self.kill()
        # It refuses while it knows of a node, and takes a moment to notice that the killed one is gone.
        assert wait_until(self._epmd_ended, LIMIT)

    def _epmd_ended(self) -> bool:
        told = subprocess.run(
            ["epmd", "-kill"], env=self._environment, capture_output=True, text=True, check=False
        )
        return told.returncode == 0 or "Cannot connect" in told.stdout + told.stderr

    def _answers(self) -> bool:
        try:
            with Connection(self.url, connect_timeout=2) as queue:
                queue.connect()
        except (OSError, AMQPError):
            return False
        return True


@contextmanager
def on_database(url: str, **settings: str) -> Iterator[None]:
    """Let this process's Django use another database for the length of a `with`.

    Args:
        settings: Django's, where they differ from the URL.
    """
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(database(url), **settings)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.clear()
        connection.settings_dict.update(before)
