from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import CommandError, CommandParser
from rich.text import Text

from subscribers.management import command
from subscribers.models import Subscriber
from subscribers.person.find import NoSuchPerson, people_at
from subscribers.person.sections import facts_of, sections
from subscribers.person.terminal import show, show_timeline
from subscribers.person.timeline import timeline
from subscribers.privacy.export import FORMATS, file_name

LEFT_OUT = ("events",)
"""Of the tables: there may be thousands, and what they say stands in what happened to the issues."""

HELP = """
All that is held on a person: profile, subscriptions, preferences, consent, suppressions, letters, and every issue
with what happened to it.

examples:
  mailer person anna@example.org
  mailer person anna@example.org --timeline
  mailer person anna@example.org --export /tmp/anna

--timeline tells what happened in one order of time, the oldest first: signed up, sent, delivered, opened, clicked what,
changed, left. What a program did is marked with the rule by which it is one.
--export writes two files, one for programs (JSON) and one for people (HTML, in one piece), to hand to the person.
Whoever was erased is found by a keyed hash of their address; what is left says nothing of who they were.
Exit code 1: nobody is known by the address.
"""


class Command(command.Command):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", metavar="ADDRESS", help="somebody's address, in any case")
        parser.add_argument(
            "--timeline",
            action="store_true",
            help="what happened, in one order of time, instead of all parts",
        )
        parser.add_argument("--json", action="store_true", help="print it as JSON")
        parser.add_argument(
            "--export", type=Path, metavar="DIR", help="write it to this folder, as JSON and as a page"
        )

    def handle(self, *, address: str, json: bool, export: Path | None, **options: Any) -> None:
        try:
            people = people_at(address)
        except NoSuchPerson as error:
            raise CommandError(str(error)) from error
        if export is not None:
            for path in _write(export, people):
                self.stdout.write(f"Written: {path}")
        elif json:
            read = timeline if options["timeline"] else facts_of
            told = [read(person) for person in people]
            self.stdout.write(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        else:
            console = self.console()
            for person in people:
                console.rule(Text(f"Subscriber {person.pk}"))
                if options["timeline"]:
                    show_timeline(console, timeline(person))
                else:
                    show(console, sections(), facts_of(person, without=LEFT_OUT))


def _write(folder: Path, people: list[Subscriber]) -> list[Path]:
    written = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for person in people:
            facts = facts_of(person)
            for ending, written_as in FORMATS.items():
                path = folder / file_name(person.pk, ending)
                path.touch(mode=0o600)
                path.write_bytes(written_as.write(facts))
                written.append(path)
    except OSError as error:
        raise CommandError(f"The export could not be written to {folder}: {error.strerror}.") from error
    return written
