"""What the staff site's history holds on a person: its entries name whom they are about."""

from collections.abc import Iterator

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet

from subscribers.models import Subscriber, Suppression
from subscribers.person.sections import Fact, Moment, Section, register


def register_history() -> None:
    """Register the history of the staff site with the store."""
    register(Section("staff_history", "Acts of the staff", _history, _forget_name, moments=_moments))


def _entries(subscriber: Subscriber) -> QuerySet[LogEntry]:
    """Those about the subscriber, and those about suppressions of their address."""
    types = ContentType.objects.get_for_models(Subscriber, Suppression)
    return LogEntry.objects.filter(
        Q(content_type=types[Subscriber], object_id=str(subscriber.pk))
        | Q(content_type=types[Suppression], object_repr__istartswith=f"{subscriber.email}:")
    )


def _history(subscriber: Subscriber) -> list[Fact]:
    entries = _entries(subscriber).select_related("user").order_by("action_time")
    return [
        {"at": entry.action_time, "by": entry.user.get_username(), "what": entry.get_change_message()}
        for entry in entries
    ]


def _moments(acts: list[Fact]) -> Iterator[Moment]:
    for act in acts:
        yield Moment(act["at"], "act of the staff", act["by"], act["what"])


def _forget_name(subscriber: Subscriber) -> None:
    _entries(subscriber).update(object_repr=f"subscriber {subscriber.pk}")
