from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mailer.config.arguments import port as port_number
from mailer.emulator.config import EmulatorConfig, EmulatorError, EmulatorWorld
from mailer.emulator.server import serve
from mailer.local import ports
from mailer.local.embedded import var_folder

WEBHOOK = "/webhooks/sendgrid/events"


class Command(BaseCommand):
    help = (
        "A SendGrid on this machine: takes mail, shows it in an inbox page, and reports what its readers do. "
        "Listens on 127.0.0.1 only. Example: mailer emulator --port 8025"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=port_number, help="the remembered one, else 8025")
        parser.add_argument(
            "--seed", type=int, default=1, help="what its readers do is drawn from this number"
        )
        parser.add_argument("--forget", action="store_true", help="keep nothing on disk")
        parser.add_argument("--no-events", action="store_true", help="take mail and report nothing")

    def handle(
        self, *args: Any, port: int | None, seed: int, no_events: bool, forget: bool, **options: Any
    ) -> None:
        folder = var_folder()
        try:
            serve(
                EmulatorConfig(
                    port=port or ports.remembered(folder)["emulator"],
                    webhook_url=None if no_events else settings.PUBLIC_URL + WEBHOOK,
                    world=EmulatorWorld(seed=seed, enabled=not no_events, one_click=True),
                    store=None if forget else folder / "emulator",
                )
            )
        except EmulatorError as error:
            raise CommandError(str(error)) from error
