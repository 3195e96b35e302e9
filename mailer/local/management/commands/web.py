from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from granian import Granian
from granian.constants import Interfaces

from mailer.config.arguments import number
from mailer.config.arguments import port as port_number
from mailer.local.ports import is_free

LOGGING = {"formatters": {}, "handlers": {}, "loggers": {"_granian": {"propagate": True}}}
"""Granian's lines look like all others."""


class Command(BaseCommand):
    help = "Serve the site: public pages, the event webhook, the staff site. Example: mailer web --port 8000"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=port_number, default=8000)
        parser.add_argument("--processes", type=number(1, 64), default=1)
        parser.add_argument(
            "--threads", type=number(1, 512), default=8, help="requests at once in each process"
        )

    def handle(self, *args: Any, host: str, port: int, processes: int, threads: int, **options: Any) -> None:
        if not is_free(
            port
        ):  # granian would share it with another granian, and each get half of the requests
            raise CommandError(f"Port {port} is taken by another program. Name another one with --port.")
        Granian(
            "mailer.config.wsgi:application",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=processes,
            blocking_threads=threads,
            respawn_failed_workers=True,
            log_dictconfig=LOGGING,
        ).serve()
