import os
import sys
from argparse import ArgumentParser
from contextlib import closing
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mailer.delivery.audience import audience_of
from mailer.delivery.errors import DeliveryError
from mailer.delivery.find import find_send
from mailer.delivery.forecast.listing import REASONS
from mailer.delivery.forecast.people import HEADER, Standing, cells, people, write_csv
from mailer.delivery.forecast.wording import REJECTED, moment, printable
from mailer.delivery.models import Send
from mailer.delivery.progress import progress

ANY = "any"
PLAIN = (Standing.ACCEPTED, Standing.WAITING, Standing.REJECTED, Standing.UNKNOWN, Standing.CANCELLED)


class Command(BaseCommand):
    help = (
        "Who got a send and who did not, person by person: address, where they stand, and why. All of its candidates, "
        "or some. Example: mailer people 12 --accepted --csv got-it.csv"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("send", help="its number, or latest")
        some = parser.add_mutually_exclusive_group()
        for standing, meaning in zip(
            PLAIN,
            (
                "whom SendGrid took it for",
                "who are still to get it",
                "whom SendGrid refused",
                "of whom it is not known whether SendGrid took it",
                "whom a cancelled send left without",
            ),
            strict=True,
        ):
            some.add_argument(
                f"--{standing}", dest="standing", action="store_const", const=standing, help=meaning
            )
        reasons = [reason for reason in REASONS if reason != REJECTED]
        some.add_argument(
            "--excluded",
            nargs="?",
            const=ANY,
            choices=[ANY, *reasons],
            metavar="REASON",
            help=f"who were left out, for one of these reasons or for any: {', '.join(reasons)}",
        )
        parser.add_argument("--csv", type=Path, metavar="FILE", help="write them to a file instead")

    def handle(
        self,
        *args: Any,
        send: str,
        standing: Standing | None,
        excluded: str | None,
        csv: Path | None,
        **options: Any,
    ) -> None:
        if excluded is not None:
            standing = Standing.EXCLUDED
        try:
            found = find_send(send)
            self.stderr.write(_summary(found))
            with closing(people(found, standing, "" if excluded in (None, ANY) else excluded)) as persons:
                if csv:
                    count = write_csv(csv, HEADER, map(cells, persons))
                    self.stderr.write(f"{count:,} people: {csv}")
                    return
                for person in persons:
                    self.stdout.write(
                        printable(f"{person.address}  {person.standing}  {person.because}".rstrip())
                    )
        except DeliveryError as error:
            raise CommandError(str(error)) from error
        except BrokenPipeError:
            # Whoever read along has seen enough; Python would complain once more when it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _summary(send: Send) -> str:
    """Where the send stands, in one line; on stderr, so that a pipe gets people only."""
    now = progress(send)
    audience = audience_of(send)
    to = f" to {audience}" if audience.parts else ""
    text = f"Send {send.pk} of {send.issue}{to}: {now}."
    if send.cancelled_at:
        text += (
            f"\nIt was cancelled on {moment(send.cancelled_at)}: {send.cancelled_because} {now.accepted:,} had got it by "
            f"then, {now.cancelled:,} were left without."
        )
    return printable(text.replace("\n", " "))
