"""`mailer role`: who may do what; giving and taking roles."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser
from rich.table import Table
from rich.text import Text

from mailer.issues.find import NoSuchNewsletter, find_newsletter
from mailer.staff.access.holding import CannotTake, give, take
from mailer.staff.accounts.second_factor import has_second_factor, remove_second_factor
from mailer.staff.models import RoleName
from subscribers.management import command

HELP = """
Who may do what on the staff site, and giving and taking it. Without --newsletter a role is at all newsletters, and an
administrator of all of them gives roles to others. The last administrator keeps that role.

examples:
  mailer role list
  mailer role give anna@example.org editor --newsletter weekly
  mailer role take anna@example.org editor --newsletter weekly
  mailer role forget-factor anna@example.org      (the telephone is lost: let her in with the password alone)
"""


class Command(command.Command):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
        acts.add_parser("list", help="everybody, with their roles")
        for act in ("give", "take"):
            parsed = acts.add_parser(act, help=f"{act} a role")
            parsed.add_argument("who", help="address or user name")
            parsed.add_argument("role", choices=RoleName.values)
            parsed.add_argument("--newsletter", help="short name of the one newsletter")
        parsed = acts.add_parser(
            "forget-factor", help="remove authenticator app, passkeys and recovery codes"
        )
        parsed.add_argument("who", help="address or user name")

    def handle(self, *, act: str, **options: Any) -> None:
        if act == "list":
            self._show()
        elif act == "forget-factor":
            removed = remove_second_factor(_user(options["who"]), by=None)
            self.stdout.write("Removed: the password alone is enough now." if removed else "There was none.")
        else:
            self._change(act, _user(options["who"]), RoleName(options["role"]), options["newsletter"])

    def _change(self, act: str, user: User, role: RoleName, newsletter: str | None) -> None:
        try:
            where = find_newsletter(newsletter) if newsletter else None
            done = (give if act == "give" else take)(user, role, where)
        except (NoSuchNewsletter, CannotTake) as error:
            raise CommandError(str(error)) from error
        at = f"at {where}" if where else "at all newsletters"
        is_now = act == "give"
        said = f"{user} is {'now ' if done else ''}{'' if is_now else 'not '}{role.label.lower()} {at}"
        self.stdout.write(f"{said}." if done else f"{said}: nothing was changed.")

    def _show(self) -> None:
        table = Table("user", "address", "roles", "second factor", "last sign-in", box=None)
        for user in User.objects.prefetch_related("roles__newsletter").order_by("username"):
            roles = [str(role) for role in user.roles.all()]
            roles += ["superuser"] if user.is_superuser else []
            table.add_row(
                Text(user.get_username() if user.is_active else f"{user.get_username()} (switched off)"),
                Text(user.email),
                Text("\n".join(roles) or "none"),
                "yes" if has_second_factor(user) else "no",
                f"{user.last_login:%Y-%m-%d}" if user.last_login else "never",
            )
        self.console().print(table)


def _user(name: str) -> User:
    found = User.objects.filter(username=name).first() or User.objects.filter(email__iexact=name).first()
    if found is None:
        raise CommandError(
            f"There is no user {name!r}. mailer role list shows who there is; mailer invite makes one."
        )
    return found
