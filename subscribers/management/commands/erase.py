from getpass import getuser
from typing import Any

from django.core.management.base import CommandError, CommandParser

from subscribers.management import command
from subscribers.person.find import NoSuchPerson, people_at, subscribers_at
from subscribers.privacy.erase import erase

HELP = """
Erase a person for good: address, name, attributes, preferences and what events say of them are gone, and their
subscriptions end. Figures stay right, and a keyed hash of the address stops a later import of it.

example:
  mailer erase anna@example.org --reason "asked for by post on 3 May" --yes

Without --yes it says what would happen and changes nothing. What was erased cannot be brought back.
"""


class Command(command.Command):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", metavar="ADDRESS", help="their address, in any case")
        parser.add_argument("--reason", required=True, metavar="WHY", help="kept with your name and the time")
        parser.add_argument("--yes", action="store_true", help="do it")

    def handle(self, *, address: str, reason: str, yes: bool, **_: Any) -> None:
        if not reason.strip():
            raise CommandError("Say why: --reason must not be empty.")
        try:
            person, *_more = people_at(address)
        except NoSuchPerson as error:
            raise CommandError(str(error)) from error
        if person.erased_at:
            self.stdout.write(f"Subscriber {person.pk} was erased already, on {person.erased_at:%d %B %Y}.")
            return
        on = person.subscriptions.exclude(state="unsubscribed").count()
        lists = f"{on} {'subscription' if on == 1 else 'subscriptions'}"
        if not yes:
            is_former = not subscribers_at(address).exists()
            moved = ", who has moved to another address since," if is_former else ""
            self.stdout.write(
                f"Subscriber {person.pk}{moved} would be erased for good, and {lists} would end. Nothing was changed: "
                "say --yes to do it."
            )
            return
        erasure = erase(person.pk, by=f"command line: {getuser()}", source="command line", reason=reason)
        if erasure is None:
            raise CommandError("Somebody else erased the person in the same moment.")
        self.stdout.write(f"Subscriber {person.pk} is erased, {lists} ended.")
        if erasure.suppressed_for:
            self.stdout.write(f"The address still gets nothing: {erasure.get_suppressed_for_display()}.")
