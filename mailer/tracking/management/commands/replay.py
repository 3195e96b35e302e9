from typing import Any

from django.core.management.base import BaseCommand

from mailer.tracking.replay import rebuild


class Command(BaseCommand):
    help = "Rebuild every figure of every send from the stored events. Example: mailer replay"

    def handle(self, *args: Any, **options: Any) -> None:
        count = rebuild()
        self.stdout.write(f"All figures were rebuilt from {count:,} events.")
