"""The real processes of an installation, on this test's database, queue and emulator."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from django.db import connection

from mailer.emulator.config import LOCAL_API_KEY, EmulatorConfig, EmulatorWorld
from mailer.emulator.server import EmulatorServer
from mailer.local.waiting import wait_until
from tests.inbox import Inbox

LIMIT = 60
"""Seconds to wait for anything. Far above what it takes, also on a busy machine."""


class Installation:
    """Web, workers and beat as processes, and the emulator they talk to."""

    def __init__(self, emulator: EmulatorServer, web_port: int, logs: Path) -> None:
        self.inbox = Inbox(emulator.url)
        self._logs = logs
        self.web_port = web_port
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = {
            **os.environ,
            "DATABASE_URL": _on_test_database(os.environ["DATABASE_URL"]),
            "SENDGRID_HOST": emulator.url,
            "SENDGRID_API_KEY": LOCAL_API_KEY,
            "SENDGRID_WEBHOOK_KEYS": emulator.public_key,
            "SENDGRID_TIMEOUT": "5",
            "PUBLIC_URL": f"http://127.0.0.1:{web_port}",
        }

    def start(self, *names: str) -> None:
        """Start processes: web, beat, or workers by any name that begins with worker."""
        for name in names:
            arguments = {"web": ["web", f"--port={self.web_port}"], "beat": ["beat"]}.get(
                name, ["worker", f"--name={name}", "--threads=4"]
            )
            with (self._logs / f"{name}.log").open("ab") as log:
                self._children[name] = subprocess.Popen(
                    [sys.executable, "-m", "mailer", *arguments],
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        if "web" in names:
            self.wait(self._web_answers, "the site answers")

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> int:
        """End a process and wait until it is gone. Returns its exit status."""
        child = self._children.pop(name)
        os.killpg(child.pid, how)
        return child.wait(LIMIT)

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition, or fail with the ends of the logs."""
        if not wait_until(condition, LIMIT):
            logs = (f"--- {log.name}\n" + log.read_text()[-3000:] for log in sorted(self._logs.glob("*.log")))
            pytest.fail("\n".join([f"Waited {LIMIT} seconds in vain until: {what}", *logs]))

    def stop(self) -> None:
        for name in list(self._children):
            self.kill(name)

    def _web_answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.web_port)) == 0


@pytest.fixture
def installation(transactional_db, settings, tmp_path) -> Iterator[Installation]:
    """Everything but the processes is up: `installation.start("web", "worker", "beat")`.

    The emulator's readers all get their mail and do nothing more; its events are held back until
    `installation.inbox.call("POST", "world", {"paused": False})`.
    """
    redis.Redis.from_url(os.environ["REDIS_URL"]).flushdb()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        web_port = probe.getsockname()[1]
    nothing_else = dict.fromkeys(
        ("drop", "invalid", "hard_bounce", "block", "deferral", "human_open", "machine_open", "click",
         "complaint", "unsubscribe"), 0.0,
    )  # fmt: skip
    config = EmulatorConfig(
        port=0,
        webhook_url=f"http://127.0.0.1:{web_port}/webhooks/sendgrid/events",
        world=EmulatorWorld(**nothing_else),
    )
    with EmulatorServer(config) as emulator:
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, sendgrid_host=emulator.url, sendgrid_timeout=5.0)
        running = Installation(emulator, web_port, tmp_path)
        running.inbox.call("POST", "world", {"paused": True})
        try:
            yield running
        finally:
            running.stop()


def _on_test_database(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{connection.settings_dict['NAME']}"))
