"""Entries of the audit log, as somebody asks for them: newest first, a page at a time, never counted."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Cast
from django.utils import timezone

ON_A_PAGE = 50
KINDS = {"added": ADDITION, "changed": CHANGE, "deleted": DELETION}
SIGN_IN = "sign-in"
"""Kind of what somebody did with their own account: signing in and out, password, second factor."""


@dataclass(frozen=True)
class Asked:
    """Which entries. Days are of the site's time zone, both inclusive; None and "": any.

    Attributes:
        what: one of KINDS, or SIGN_IN.
        about: the kind of thing.
        text: a part of the name of the thing, or of what is said.
    """

    who: User | None = None
    what: str = ""
    about: ContentType | None = None
    text: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class Page:
    """Entries, and the number before which the older ones stand (None: there are none)."""

    entries: list[LogEntry]
    older: int | None


def entries(asked: Asked) -> QuerySet[LogEntry]:
    """Those that fit, newest first."""
    found = LogEntry.objects.select_related("user", "content_type").order_by("-pk")
    if asked.who:
        found = found.filter(user=asked.who)
    if asked.what in KINDS:
        found = found.filter(action_flag=KINDS[asked.what])
    if asked.what == SIGN_IN:
        own = Cast(F("user_id"), CharField())
        found = found.filter(content_type=ContentType.objects.get_for_model(User), object_id=own)
    if asked.about:
        found = found.filter(content_type=asked.about)
    if asked.text:
        found = found.filter(Q(object_repr__icontains=asked.text) | Q(change_message__icontains=asked.text))
    if asked.since:
        found = found.filter(action_time__gte=_midnight(asked.since))
    if asked.until:
        found = found.filter(action_time__lt=_midnight(asked.until + timedelta(days=1)))
    return found


def page_of(asked: Asked, before: int | None = None) -> Page:
    """A page of those that fit.

    Args:
        before: the number of an entry; only older ones are on the page. None: from the newest on.
    """
    found = entries(asked)
    if before is not None:
        found = found.filter(pk__lt=before)
    shown = list(found[: ON_A_PAGE + 1])
    more = len(shown) > ON_A_PAGE
    return Page(shown[:ON_A_PAGE], shown[ON_A_PAGE - 1].pk if more else None)


def kinds_of_things() -> QuerySet[ContentType]:
    """Of what the log says anything."""
    said = LogEntry.objects.filter(content_type=OuterRef("pk"))
    return ContentType.objects.filter(Exists(said)).order_by("model")


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
