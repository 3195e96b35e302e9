from typing import Any

from django.core.management.base import BaseCommand

from mailer.config.celery import app


class Command(BaseCommand):
    help = (
        "Keep time: every few seconds hand out what is due, settle, guard, choose winners, mail notices, fold events. "
        "Run one. Example: mailer beat"
    )

    def handle(self, *args: Any, **options: Any) -> None:
        # The times are short and the truth is in the database, so beat has nothing to remember between runs.
        app.start(["--quiet", "beat", "--scheduler=mailer.vitals.pulse:BeatingScheduler"])
