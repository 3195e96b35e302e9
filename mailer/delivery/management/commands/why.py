from argparse import ArgumentParser
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from mailer.delivery.errors import DeliveryError
from mailer.delivery.find import find_send
from mailer.delivery.forecast.explain import explain
from mailer.delivery.forecast.terminal import plain
from mailer.issues.builder.content import BuildError


class Command(BaseCommand):
    help = (
        "Why somebody gets a send, or does not: in a sentence or two, with what proves it. "
        "Example: mailer why latest someone@example.org"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("send", help="its number, or latest")
        parser.add_argument("address", help="of the person; case does not matter")

    def handle(self, *args: Any, send: str, address: str, **options: Any) -> None:
        try:
            found = explain(find_send(send), address)
        except (BuildError, DeliveryError) as error:
            raise CommandError(str(error)) from error
        Console(file=cast(IO[str], self.stdout)).print(plain(found.text), soft_wrap=True)
