"""Who may answer for a newsletter, and what waits for somebody's answer."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q

from mailer.delivery.approval.answer import RIGHT
from mailer.delivery.models import Approval
from mailer.issues.models import Newsletter
from mailer.staff.access.roles import RIGHTS, gives
from mailer.staff.access.scope import visible
from mailer.staff.models import Role


def approvers_of(newsletter: Newsletter, but: Any) -> list[User]:
    """Those who may answer for a newsletter beside the one who asks, by name.

    Args:
        but: the user who asks.
    """
    names = [name for name in RIGHTS if gives(name, RIGHT)]
    roles = Role.objects.filter(Q(newsletter=None) | Q(newsletter=newsletter), name__in=names)
    may = Q(pk__in=roles.values("user")) | Q(is_superuser=True)
    return list(
        User.objects.filter(may, is_active=True, is_staff=True).exclude(pk=but.pk).order_by("username")
    )


def waiting_for(user: Any) -> list[Approval]:
    """What was asked and waits for this user's answer, oldest first."""
    asked = Approval.objects.filter(answer="").exclude(asked_by=user.pk)
    rows = visible(user, RIGHT, asked.select_related("issue__newsletter", "asked_by"))
    return list(rows.order_by("asked_at"))
