"""What belongs to which newsletter, and what of it somebody may see."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from mailer.delivery.models import Approval, Batch, Send, Submission, TestList
from mailer.issues.models import Feed, Image, Issue, Newsletter, OwnTheme, Story, ThemeVersion, Version
from mailer.staff.access.roles import gives
from mailer.staff.models import Role
from subscribers.models import Import, MailingList, Subscriber, Subscription

User = AbstractBaseUser | AnonymousUser

PATHS: dict[type[Model], tuple[str, ...]] = {
    Newsletter: ("pk",),
    Issue: ("newsletter",),
    Version: ("issue__newsletter",),
    Story: ("issue__newsletter", "newsletter"),
    Image: ("newsletter",),
    Feed: ("newsletter",),
    OwnTheme: ("newsletter",),
    ThemeVersion: ("theme__newsletter",),
    Send: ("issue__newsletter",),
    Batch: ("send__issue__newsletter",),
    Submission: ("batch__send__issue__newsletter",),
    Approval: ("issue__newsletter",),
    TestList: ("newsletter",),
    Role: ("newsletter",),
}
"""From a model to its newsletter. What has another of these models above it is found through that one."""
LISTS: dict[type[Model], str] = {MailingList: "pk", Subscription: "mailing_list", Import: "mailing_list"}
"""From a model to its mailing list, which belongs to the newsletters that send to it."""
SHARED = frozenset(
    {
        "subscribers.segment",
        "subscribers.snapshot",
        "subscribers.topic",
        "issues.owntheme",
        "issues.themeversion",
    }
)
"""Rules and names without people in them: who has a right at any newsletter has it for all of these."""
OF_THE_WHOLE = frozenset(
    {
        "issues.add_newsletter",
        "issues.delete_newsletter",
        "subscribers.add_mailinglist",
        "subscribers.delete_mailinglist",
    }
)
"""Rights that nobody has at one newsletter alone."""


def _label(model: type[Model]) -> str:
    return model._meta.label_lower


def newsletters_where(user: Any, right: str) -> frozenset[int] | None:
    """The newsletters at which somebody has a right; None: at every one, and for what belongs to none."""
    if not user.is_active:
        return frozenset()
    if user.is_superuser:
        return None
    held = [role.newsletter_id for role in _roles(user) if gives(role.name, right)]
    return None if None in held else frozenset(number for number in held if number is not None)


def visible(user: Any, right: str, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those of some rows for which somebody has a right."""
    newsletters = newsletters_where(user, right)
    if newsletters is None:
        return rows
    if not newsletters:
        return rows.none()
    model = rows.model
    if model in PATHS:
        wanted = Q()
        for path in PATHS[model]:
            wanted |= Q(**{f"{path}__in": newsletters})
        if _label(model) in SHARED and right.startswith(f"{model._meta.app_label}.view_"):
            wanted |= Q(**{f"{PATHS[model][0]}__isnull": True})
        return rows.filter(wanted)
    lists = MailingList.objects.filter(newsletters__in=newsletters).values("pk")
    if model in LISTS:
        return rows.filter(**{f"{LISTS[model]}__in": lists})
    if model is Subscriber:
        on_a_list = Subscription.objects.filter(subscriber=OuterRef("pk"), mailing_list__in=lists)
        return rows.filter(Exists(on_a_list))
    return rows if _label(model) in SHARED else rows.none()


def may(user: Any, right: str, about: Model | None = None) -> bool:
    """Whether somebody has a right: about one row, or else at least somewhere.

    A right over what belongs to no newsletter (users, suppressions …) has only who has it at all of them.
    """
    newsletters = newsletters_where(user, right)
    if newsletters is None:
        return True
    if not newsletters or right in OF_THE_WHOLE:
        return False
    if about is None or about.pk is None:
        return _is_of_newsletters(right)
    return visible(user, right, type(about)._default_manager.filter(pk=about.pk)).exists()


def lists_where(user: Any, right: str) -> frozenset[int] | None:
    """The mailing lists whose people somebody has a right over; None: everybody in the store."""
    newsletters = newsletters_where(user, right)
    if newsletters is None:
        return None
    return frozenset(MailingList.objects.filter(newsletters__in=newsletters).values_list("pk", flat=True))


_MODELS: list[type[Model]] = [*PATHS, *LISTS, Subscriber]
_OF_NEWSLETTERS = {
    *(_label(model) for model in _MODELS if model is not Role),
    *SHARED,
    "tracking.report",
}


def _is_of_newsletters(right: str) -> bool:
    """Whether a right is over something that belongs to newsletters."""
    app, _, named = right.partition(".")
    return f"{app}.{named.partition('_')[2]}" in _OF_NEWSLETTERS


def _roles(user: Any) -> list[Role]:
    """Somebody's roles, asked once for the life of the object."""
    if not hasattr(user, "_roles_held"):
        user._roles_held = list(Role.objects.filter(user=user.pk))
    held: list[Role] = user._roles_held
    return held
