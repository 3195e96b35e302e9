"""What is soaked: servers, emulator, site, two workers and beat, all in one folder, each of which may break."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailer.config.environment import VARIABLES
from mailer.emulator.config import LOCAL_API_KEY
from mailer.local.parent import for_children
from mailer.local.ports import free_port
from tests import prepared
from tests.breakable import Postgres, Redis
from tests.inbox import Inbox
from tests.installation import QUIET_READERS, Installation

WORKERS = ("worker1", "worker2")
SERVICES = ("web", *WORKERS, "beat")
TIMEOUT = 5
"""Seconds that workers wait for an answer."""
AWKWARD_EVENTS = {"duplicate_rate": 0.2, "out_of_order": True, "retry_seconds_max": 3.0}
"""How the webhook gets them."""


class Grounds:
    """The servers run as long as `running`; the processes are started and ended by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        web_port, emulator_port = free_port(), free_port()
        logs = folder / "log"
        logs.mkdir()
        ours = {variable.name for variable in VARIABLES}
        environment = {
            **{name: value for name, value in os.environ.items() if name not in ours},
            "MAILER_VAR": str(folder),
            "SECRET_KEY": secrets.token_urlsafe(48),
            "PUBLIC_URL": f"http://127.0.0.1:{web_port}",
            "SENDGRID_API_KEY": LOCAL_API_KEY,
            "SENDGRID_HOST": f"http://127.0.0.1:{emulator_port}",
            "SENDGRID_TIMEOUT": str(TIMEOUT),
            "DJANGO_SETTINGS_MODULE": "mailer.config.settings",
        }
        self.installation = Installation(
            for_children(environment), Inbox(environment["SENDGRID_HOST"]), web_port, logs
        )
        self.inbox = self.installation.inbox
        self._emulator_port = emulator_port

    @contextmanager
    def running(self) -> Iterator["Grounds"]:
        """Servers and emulator for the length of a `with`; whatever was started besides is killed at the end."""
        prepared.data_folder(self.folder / "postgres")
        self.postgres = Postgres(self.folder / "postgres")
        self.redis = Redis(self.folder / "redis")
        self.installation.environment |= {
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.redis.url,
            "CELERY_BROKER_URL": self.redis.url,
        }
        try:
            self._start_emulator()
            yield self
        finally:
            self.installation.stop()
            self.redis.stop()
            self.postgres.stop()

    def start_processes(self) -> None:
        """Start what is not running."""
        self.installation.start(*(name for name in SERVICES if name not in self.installation.running))

    def _start_emulator(self) -> None:
        self.installation.start_command(
            "emulator", "emulator", f"--port={self._emulator_port}", "--forget", "--seed=1"
        )
        self.installation.wait(self._emulator_answers, "the emulator answers")
        self.inbox.call("POST", "world", QUIET_READERS)
        webhook = f"{self.installation.environment['PUBLIC_URL']}/webhooks/sendgrid/events"
        shown = self.inbox.call("POST", "webhook", {"url": webhook, **AWKWARD_EVENTS})
        self.installation.environment["SENDGRID_WEBHOOK_KEYS"] = shown["public_key"]

    def _emulator_answers(self) -> bool:
        try:
            self.inbox.call("GET", "webhook")
        except OSError:
            return False
        return True
