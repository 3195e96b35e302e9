"""People of the staff with a role, for tests."""

from itertools import count

from django.contrib.auth.models import User

from mailer.issues.models import Newsletter
from mailer.staff.models import Role, RoleName

_numbers = count(1)


def somebody(*roles: str, at: Newsletter | None = None, username: str = "") -> User:
    """A user of the staff site in these roles, at one newsletter or, where none is named, at all of them."""
    user = User.objects.create_user(
        username or f"{'-'.join(roles) or 'nobody'}{next(_numbers)}", is_staff=True
    )
    for role in roles:
        Role.objects.create(user=user, name=RoleName(role), newsletter=at)
    return user
