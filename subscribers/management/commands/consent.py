from typing import Any

import orjson
from django.core.management.base import CommandError, CommandParser
from rich.console import Console
from rich.text import Text

from subscribers.management import command
from subscribers.models import Subscriber
from subscribers.person.consent import SHOWN, consent_of
from subscribers.person.find import NoSuchPerson, people_at
from subscribers.person.sections import Fact, Section
from subscribers.person.terminal import table
from subscribers.person.wording import text

HELP = """
The history of somebody's consent: when, on which list, what they did, how and from where, and which version of
the wording they read. Nobody can change or delete it.

example:
  mailer consent anna@example.org --wording

The address may be written in any case. People who were erased are found too, by a keyed hash of their address.
Exit code 1: nobody is known by the address.
"""


class Command(command.Command):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", metavar="ADDRESS", help="somebody's address")
        parser.add_argument("--wording", action="store_true", help="print the wordings too")
        parser.add_argument("--json", action="store_true", help="print it as JSON, with the wordings")

    def handle(self, *, address: str, wording: bool, json: bool, **_: Any) -> None:
        try:
            people = people_at(address)
        except NoSuchPerson as error:
            raise CommandError(str(error)) from error
        histories = [(person, consent_of(person)) for person in people]
        if json:
            told = [
                {"subscriber": person.pk, "erased_at": person.erased_at, "consent": records}
                for person, records in histories
            ]
            self.stdout.write(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
            return
        console = self.console()
        for person, records in histories:
            _show(console, person, records, wording)


def _show(console: Console, person: Subscriber, records: list[Fact], wording: bool) -> None:
    if not records:
        console.print(Text(f"{_named(person)}: no record of consent on any list."))
        return
    console.print(table(Section("consent", _named(person), consent_of, shown=SHOWN), records))
    if wording:
        for list_name, version, words in dict.fromkeys(
            (record["list_name"], record["wording_version"], record["wording"])
            for record in records
            if record["wording"]
        ):
            console.print(Text(f"\nWording of {list_name}, version {version}", style="bold"))
            console.print(Text(words))


def _named(person: Subscriber) -> str:
    if person.erased_at:
        return f"Subscriber {person.pk}, erased on {text(person.erased_at)}"
    return f"Subscriber {person.pk}, {text(person.email)}"
