from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from mailer.config.celery import app
from mailer.delivery.sweep import QUEUE


class Command(BaseCommand):
    help = (
        "Submit batches and fold events, many requests at once in threads. On SIGTERM it finishes what is in flight. "
        "Run as many of them on as many machines as you like. Example: mailer worker --threads 16"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--threads", type=int, default=16, help="requests to SendGrid in flight")
        parser.add_argument("--name", default="worker", help="to tell workers on one machine apart")

    def handle(self, *args: Any, threads: int, name: str, **options: Any) -> None:
        queues = f"{QUEUE},{app.conf.task_default_queue}"
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        app.worker_main(
            [
                "worker",
                "--pool=threads",
                f"--concurrency={threads}",
                f"--queues={queues}",
                f"-n={name}@%h",
                *quiet,
            ]
        )
