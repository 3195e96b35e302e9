from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mailer.delivery.errors import DeliveryError
from mailer.delivery.find import find_send
from mailer.delivery.steer import resume


class Command(BaseCommand):
    help = "Let a paused send go on. Example: mailer resume 12"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("send", help="its number, or latest")

    def handle(self, *args: Any, send: str, **options: Any) -> None:
        try:
            found = find_send(send)
        except DeliveryError as error:
            raise CommandError(str(error)) from error
        resumed = resume(found.pk)
        found.refresh_from_db()
        if resumed:
            then = "goes on."
        else:
            then = "was cancelled, which is for good." if found.cancelled_at else "was not paused."
        self.stdout.write(f"Send {found.pk} {then}")
