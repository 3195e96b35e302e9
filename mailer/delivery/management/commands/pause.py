from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mailer.delivery.errors import DeliveryError
from mailer.delivery.find import find_send
from mailer.delivery.steer import pause


class Command(BaseCommand):
    help = "Stop a send that is under way: requests already made finish, no new one begins. Example: mailer pause 12"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("send", help="its number, or latest")
        parser.add_argument(
            "--because", default="paused from the command line.", help="shown to whoever looks"
        )

    def handle(self, *args: Any, send: str, because: str, **options: Any) -> None:
        try:
            found = find_send(send)
        except DeliveryError as error:
            raise CommandError(str(error)) from error
        if pause(found.pk, because):
            self.stdout.write(f"Send {found.pk} is paused.")
        else:
            found.refresh_from_db()
            paused = found.paused_at and not found.cancelled_at
            was = "was paused already" if paused else "is not under way, so there is nothing to pause"
            self.stdout.write(f"Send {found.pk} {was}.")
