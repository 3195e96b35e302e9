import socket
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.management.base import BaseCommand, CommandError

from mailer.config.arguments import port as port_number
from mailer.config.celery import app
from mailer.delivery.tasks import SWEPT_AT

LIMIT = 10
"""Seconds to wait for an answer."""
SILENCE = 60
"""Seconds without a sweep after which beat counts as dead; it asks for one every two seconds."""


class Command(BaseCommand):
    help = (
        "Exit with 0 when a process works, for the health checks of containers. Example: mailer alive worker"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("process", choices=["web", "worker", "beat"])
        parser.add_argument("--port", type=port_number, default=8000, help="of web")
        parser.add_argument("--name", default="worker", help="of the worker, as given to mailer worker")

    def handle(self, *args: Any, process: str, port: int, name: str, **options: Any) -> None:
        match process:
            case "web":
                _check_web(port)
            case "worker":
                _check_worker(f"{name}@{socket.gethostname()}")
            case _:
                _check_beat()
        self.stdout.write(f"{process} is alive")


def _check_web(port: int) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/healthz", headers={"Host": settings.ALLOWED_HOSTS[0]}
    )
    try:
        urllib.request.urlopen(request, timeout=LIMIT).close()  # noqa: S310
    except (urllib.error.URLError, OSError) as error:
        raise CommandError(f"web does not answer on port {port}: {error}") from error


def _check_worker(node: str) -> None:
    if not app.control.ping(destination=[node], timeout=LIMIT / 2):
        raise CommandError(f"{node} does not answer through the queue.")


def _check_beat() -> None:
    swept_at = cache.get(SWEPT_AT)
    if swept_at is None or time.time() - swept_at > SILENCE:
        raise CommandError(f"Nothing was swept for {SILENCE} seconds: beat or every worker is down.")
