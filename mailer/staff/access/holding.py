"""Who holds which role: giving and taking them, without ever losing the last administrator."""

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from mailer.issues.models import Newsletter
from mailer.staff.audit import record
from mailer.staff.models import Role, RoleName


class CannotTake(Exception):
    """A role stays; the message says why and what to do."""

    code = "last_administrator"


def administrators() -> QuerySet[User]:
    """Who may give roles: superusers, and administrators of all newsletters, that may sign in."""
    everywhere = Role.objects.filter(user=OuterRef("pk"), name=RoleName.ADMINISTRATOR, newsletter=None)
    return User.objects.filter(Q(is_superuser=True) | Exists(everywhere), is_active=True)


def why_not(user: User, *, by: User | None) -> str | None:
    """Why somebody must stay an administrator; None: they need not, or are none.

    To be called in the transaction that changes it: whoever else asks waits for its end.

    Args:
        by: who wants it; None: somebody at the command line.
    """
    list(administrators().select_for_update(of=("self",)).values_list("pk", flat=True))
    # Once more: who held the lock before may have changed it.
    held = set(administrators().values_list("pk", flat=True))
    if user.pk not in held:
        return None
    if by is not None and by.pk == user.pk:
        return "You cannot stop being an administrator by yourself. Ask another administrator to do it."
    if held == {user.pk}:
        return (
            f"{user} is the last administrator. Make somebody else an administrator of all newsletters first."
        )
    return None


def is_administrator(roles: Sequence[tuple[str, int | None]], user: User) -> bool:
    """Whether somebody with these roles, by name and newsletter, gives roles to others."""
    return user.is_active and (user.is_superuser or (RoleName.ADMINISTRATOR.value, None) in roles)


def give(user: User, name: RoleName, newsletter: Newsletter | None) -> bool:
    """Give somebody a role. Returns False when they have it already."""
    role, new = Role.objects.get_or_create(user=user, name=name, newsletter=newsletter)
    if new:
        record(user, user, f"Role given at the command line: {role}.")
    return new


@transaction.atomic
def take(user: User, name: RoleName, newsletter: Newsletter | None) -> bool:
    """Take a role from somebody. Returns False when they have not got it.

    Raises:
        CannotTake: nobody would be left to give roles.
    """
    role = Role.objects.filter(user=user, name=name, newsletter=newsletter).first()
    if role is None:
        return False
    left = list(Role.objects.filter(user=user).exclude(pk=role.pk).values_list("name", "newsletter_id"))
    if not is_administrator(left, user) and (why := why_not(user, by=None)):
        raise CannotTake(why)
    record(user, user, f"Role taken at the command line: {role}.")
    role.delete()
    return True
