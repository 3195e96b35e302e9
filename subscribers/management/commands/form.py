"""`mailer form LIST`: the sign-up form of a mailing list, as HTML for one's site, and its settings."""

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, cast

import orjson
from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from rich.console import Console
from rich.table import Table
from rich.text import Text

from subscribers.management import command
from subscribers.models import Asked, MailingList
from subscribers.sign_up.embed import embeddable, form_url
from subscribers.sign_up.settings import problems_of
from subscribers.sign_up.wording import current_wording, reword

HELP = """
The sign-up form of a mailing list. Without options it prints the form as HTML, to be put into a page of your own
site; with options it changes the form's settings, all of them or, where one is wrong, none, and shows them.

examples:
  mailer form weekly --wording "I want the Weekly by email. I can leave at any time." --open
  mailer form weekly --ask topics,cadence,name --fields fields.json --origin https://www.example.org
  mailer form weekly > sign-up.html
  mailer form weekly --show

fields.json holds what else the form asks for; each becomes an attribute of the subscriber:
  [{"key": "company", "label": "Company", "type": "text"},
   {"key": "size", "label": "Size of your company", "type": "choice", "choices": ["1–10", "11–100", "more"],
    "required": true}]
types: text, number, date, yes_no, choice.

A wording is never changed: a new text is the next version, and the record of consent says which one was shown.
"""
OPTIONS = {
    "ask": "sign_up_asks",
    "fields": "sign_up_fields",
    "intro": "sign_up_intro",
    "origin": "sign_up_origins",
    "after_sign_up": "sign_up_next",
    "after_confirmation": "confirmed_next",
    "public": "public",
    "open": "sign_up_open",
}
"""By option of the command: the setting of the list."""


class Command(command.Command):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("list", metavar="LIST", help="the mailing list's short name")
        parser.add_argument("--show", action="store_true", help="show the settings instead of the HTML")
        state = parser.add_mutually_exclusive_group()
        state.add_argument("--open", action="store_true", default=None, help="let people sign up")
        state.add_argument("--close", action="store_false", dest="open", help="let nobody sign up")
        parser.add_argument("--wording", metavar="TEXT", help="what people agree to: the next version")
        parser.add_argument("--intro", metavar="TEXT", help="what stands above the form")
        parser.add_argument(
            "--ask", metavar="WHAT", help=f"which of {','.join(Asked)} it asks for; '' for none of them"
        )
        parser.add_argument("--fields", type=Path, metavar="FILE", help="the form's own fields, as JSON")
        parser.add_argument(
            "--origin",
            action="append",
            metavar="ORIGIN",
            help="a site whose pages may call the JSON endpoint; several times for several; '' for none",
        )
        parser.add_argument("--after-sign-up", metavar="URL", help="a page of your own; '' for ours")
        parser.add_argument("--after-confirmation", metavar="URL", help="a page of your own; '' for ours")
        public = parser.add_mutually_exclusive_group()
        public.add_argument(
            "--public", action="store_true", default=None, help="offer the list to the people of your others"
        )
        public.add_argument("--not-public", action="store_false", dest="public", help="do not")

    def handle(self, *, list: str, show: bool, wording: str | None, **options: Any) -> None:
        console = Console(file=cast(IO[str], self.stdout), highlight=False)
        mailing_list = MailingList.objects.filter(slug=list).first()
        if mailing_list is None:
            slugs = ", ".join(MailingList.objects.order_by("slug").values_list("slug", flat=True))
            raise CommandError(f"There is no list {list}. " + (f"There are: {slugs}." if slugs else ""))
        wanted = {name: options[name] for name in OPTIONS if options[name] is not None}
        if wanted or wording is not None:
            _save(mailing_list, wanted, wording)
        elif not show:
            if current_wording(mailing_list) is None:
                raise CommandError(
                    f"The form of {list} does not say yet what people agree to: --wording TEXT."
                )
            if not mailing_list.sign_up_open:
                self.stderr.write("The form is closed: until --open nobody can sign up by it.")
            self.stdout.write(embeddable(mailing_list), ending="")
            return
        _show(console, mailing_list)


@transaction.atomic
def _save(mailing_list: MailingList, wanted: Mapping[str, Any], wording: str | None) -> None:
    """Save what was given, if all of it is right."""
    for name, value in wanted.items():
        setattr(mailing_list, OPTIONS[name], _read(name, value))
    current = current_wording(mailing_list)
    text = wording if wording is not None else current.text if current else ""
    if wording is not None and not wording.strip():
        raise CommandError("--wording: write what people agree to.")
    if problems := problems_of(mailing_list, text):
        options = {setting: f"--{name.replace('_', '-')}" for name, setting in OPTIONS.items()}
        lines = [
            f"{options.get(name, '--wording')}: {line}" for name, each in problems.items() for line in each
        ]
        raise CommandError("Nothing was changed.\n" + "\n".join(lines))
    mailing_list.save(update_fields=[OPTIONS[name] for name in wanted])
    if wording is not None:
        reword(mailing_list, wording)


def _read(name: str, value: Any) -> Any:
    match name:
        case "ask":
            return [part.strip() for part in value.split(",") if part.strip()]
        case "origin":
            return [origin for origin in value if origin]
        case "fields":
            try:
                return orjson.loads(value.read_bytes())
            except OSError as error:
                raise CommandError(f"--fields: {value} cannot be read: {error.strerror}.") from error
            except orjson.JSONDecodeError as error:
                raise CommandError(f"--fields: {value} is not JSON: {error}.") from error
        case _:
            return value


def _show(console: Console, mailing_list: MailingList) -> None:
    wording = current_wording(mailing_list)
    table = Table(
        show_header=False,
        title=Text(f"Sign-up form of {mailing_list.name}", style="italic"),
        title_justify="left",
    )
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    fields = [f"{field['label']} ({field['key']}, {field['type']})" for field in mailing_list.sign_up_fields]
    for label, value in {
        "Open": "yes" if mailing_list.sign_up_open else "no",
        "Address": form_url(mailing_list),
        "JSON endpoint": form_url(mailing_list).replace("/s/", "/api/sign-up/"),
        "may be called from": ", ".join(mailing_list.sign_up_origins) or "no other site",
        "Introduction": mailing_list.sign_up_intro,
        "Asks for": ", ".join(["address", *mailing_list.sign_up_asks]),
        "Own fields": "\n".join(fields),
        "Wording": f"version {wording.version}: {wording.text}" if wording else "none yet",
        "After sign-up": mailing_list.sign_up_next or "a page of ours",
        "After confirmation": mailing_list.confirmed_next or "a page of ours",
        "Public": "yes" if mailing_list.public else "no",
    }.items():
        table.add_row(label, Text(value))
    console.print(table)
