from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mailer.delivery.errors import DeliveryError
from mailer.delivery.find import find_send
from mailer.delivery.progress import progress
from mailer.delivery.start import discard
from mailer.delivery.steer import cancel


class Command(BaseCommand):
    help = (
        "End a send for good: requests already made finish, nothing else goes out, and it cannot be resumed. "
        "Example: mailer cancel 12"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("send", help="its number, or latest")
        parser.add_argument(
            "--because", default="cancelled from the command line.", help="shown to whoever looks"
        )

    def handle(self, *args: Any, send: str, because: str, **options: Any) -> None:
        try:
            found = find_send(send)
        except DeliveryError as error:
            raise CommandError(str(error)) from error
        done = cancel(found.pk, because)
        if not done and discard(found):
            self.stdout.write(f"Send {found.pk} was not started; its plan is forgotten.")
            return
        now = progress(found)
        if not done:
            found.refresh_from_db()
            why = "was cancelled already" if found.cancelled_at else f"is over: {now.accepted:,} got it"
            self.stdout.write(f"Send {found.pk} {why}. Nothing was cancelled.")
            return
        self.stdout.write(
            f"Send {found.pk} is cancelled. {now.accepted:,} got it, {now.cancelled:,} do not get it, "
            f"{now.in_flight:,} are in requests under way, {now.unknown:,} are unknown.\n"
            f"Who got it: mailer people {found.pk} --accepted. To send it to the others: "
            f"mailer send {found.issue} --again"
        )
