"""`mailer invite`: an account for somebody, and the link by which they choose a password."""

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from mailer.issues.find import NoSuchNewsletter, find_newsletter
from mailer.staff.access.holding import give
from mailer.staff.access.wording import says
from mailer.staff.accounts.invite import invite, new_user
from mailer.staff.audit import ADDITION, record
from mailer.staff.models import RoleName
from subscribers.management import command

HELP = """
Give somebody an account for the staff site, and mail them a link by which they choose a password. The link is printed
too: it works once, within three days. For somebody who has an account it gives the role and makes a new link.

examples:
  mailer invite anna@example.org --role editor --newsletter weekly
  mailer invite boss@example.org --role administrator
"""


class Command(command.Command):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address")
        parser.add_argument("--role", required=True, choices=RoleName.values)
        parser.add_argument(
            "--newsletter", help="short name of the one newsletter; without it at all of them"
        )
        parser.add_argument("--first-name", default="")
        parser.add_argument("--last-name", default="")

    def handle(self, *, address: str, role: str, newsletter: str | None, **options: Any) -> None:
        name = RoleName(role)
        try:
            where = find_newsletter(newsletter) if newsletter else None
            with transaction.atomic():
                user = User.objects.filter(email__iexact=address.strip(), is_active=True).first()
                if user is None:
                    user = new_user(address, options["first_name"], options["last_name"])
                    record(user, user, "Invited at the command line.", ADDITION)
                give(user, name, where)
        except (NoSuchNewsletter, ValidationError) as error:
            raise CommandError(" ".join(getattr(error, "messages", [str(error)]))) from error
        invitation = invite(user)
        at = f"at {where}" if where else "at all newsletters"
        mailed = invitation.why_not or f"The link was mailed to {user.email}."
        self.stdout.write(f"{user.email} is {name.label.lower()} {at}. {says(name)}\n{mailed}")
        self.stdout.write(f"To choose a password, once, within three days:\n{invitation.link}")
