"""`mailer search TEXT`: find subscribers by any part of their address and name."""

from collections import defaultdict
from collections.abc import Iterable
from typing import IO, Any, cast

from django.core.management.base import CommandError, CommandParser
from rich.console import Console
from rich.table import Table
from rich.text import Text

from subscribers.management import command
from subscribers.models import MailingList, Subscription
from subscribers.search.find import Found, find

SHOWN = 50

HELP = """
Find subscribers by any part of their address and name.

examples:
  mailer search schmidt
  mailer search "anna exampl" --list weekly

Every word has to be a part of the address, the first or the last name, in any case and with any accents. One or two
letters are found where a word begins with them. The exact address comes first, then what begins with the text.
"""


class Command(command.Command):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("text", nargs="+", help="parts of the address and the name")
        parser.add_argument(
            "--list", metavar="LIST", help="only people of this mailing list, whatever their state"
        )
        parser.add_argument(
            "--limit", type=int, default=SHOWN, metavar="N", help=f"at most N (default {SHOWN})"
        )

    def handle(self, *, text: list[str], list: str | None, limit: int, **_: Any) -> None:
        console = Console(file=cast(IO[str], self.stdout), highlight=False)
        if limit < 1:
            raise CommandError("--limit is a number from 1 on.")
        mailing_list = MailingList.objects.filter(slug=list).first() if list else None
        if list and mailing_list is None:
            slugs = ", ".join(MailingList.objects.order_by("slug").values_list("slug", flat=True))
            raise CommandError(f"There is no list {list!r}. There are: {slugs or 'none'}.")
        found = find(" ".join(text), limit, mailing_list_id=mailing_list.pk if mailing_list else None)
        if found.too_short:
            raise CommandError("There is nothing to look for in that: give a letter or more.")
        _show(console, found)


def _show(console: Console, found: Found) -> None:
    if not found.hits:
        console.print("Nobody.")
        return
    table = Table("number", "address", "name", "lists")
    lists = _lists_of(found.ids)
    for hit in found.hits:
        name = f"{hit.first_name} {hit.last_name}".strip()
        table.add_row(*map(Text, (str(hit.id), hit.email, name, ", ".join(lists[hit.id]))))
    console.print(table)
    if found.more:
        console.print(f"There are more than these {len(found.hits):,}: say more of the address or name.")


def _lists_of(subscriber_ids: Iterable[int]) -> dict[int, list[str]]:
    lists: dict[int, list[str]] = defaultdict(list)
    subscriptions = Subscription.objects.filter(subscriber_id__in=subscriber_ids).order_by(
        "mailing_list__slug"
    )
    for number, slug, state in subscriptions.values_list("subscriber_id", "mailing_list__slug", "state"):
        lists[number].append(slug if state == Subscription.State.ACTIVE else f"{slug} ({state})")
    return lists
