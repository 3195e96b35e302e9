import gc
import os
import sys
import time
import warnings
from argparse import ArgumentParser
from typing import Any

import structlog
from django.core.management.base import BaseCommand

from mailer.config.arguments import number
from mailer.config.celery import app
from mailer.delivery.queues import queues
from mailer.delivery.tasks import stopping

log = structlog.get_logger()

SHORTEST_LIFE = 3
"""Seconds. A worker that ends sooner has something wrong that starting again does not mend."""


class Command(BaseCommand):
    help = (
        "Submit batches and letters, fold events, many requests at once in threads. On SIGTERM it finishes what is in flight. "
        "Run as many of them on as many machines as you like. Example: mailer worker --threads 16"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--threads", type=number(1, 512), default=16, help="requests to SendGrid in flight"
        )
        parser.add_argument("--name", default="worker", help="to tell workers on one machine apart")

    def handle(self, *args: Any, threads: int, name: str, **options: Any) -> None:
        _collect_rarely()
        alone = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        # Tasks carry ids as JSON: root runs no more risk with them than with anything else.
        warnings.filterwarnings("ignore", "You're running the worker with superuser")
        began = time.monotonic()
        try:
            app.worker_main(
                [
                    "--quiet",
                    "worker",
                    "--pool=threads",
                    f"--concurrency={threads}",
                    f"--queues={','.join(queues())}",
                    f"--hostname={name}@%h",
                    *alone,
                ]
            )
        finally:
            # Where the queue is killed under it, Celery's worker ends now and then, though nobody told it to.
            if not stopping.is_set() and time.monotonic() - began > SHORTEST_LIFE:
                log.error("worker_starts_again", exc_info=True)
                os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - itself


def _collect_rarely() -> None:
    """A batch makes tens of thousands of small objects and no cycles among them. Looking for cycles at Python's
    usual pace, through everything that is loaded, took half of a worker's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
