"""The staff site's sidebar: what a person may see, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from mailer.delivery.unknown import unknown
from mailer.tracking.models import Alert


@dataclass(frozen=True)
class Entry:
    """A list of one model, or another page of its admin. The icon is a name of Google's Material Symbols; `count`
    says how many wait there for somebody."""

    title: str
    icon: str
    app: str
    model: str
    page: str = "changelist"
    count: Callable[[], int] | None = None


MOST = 100
"""The badge counts no further."""


def _unknown() -> int:
    return len(unknown().values_list("pk")[:MOST])


def _alerts() -> int:
    return len(Alert.objects.filter(ended_at=None).values_list("pk")[:MOST])


GROUPS = (
    (
        "Write",
        (
            Entry("Issues", "newspaper", "issues", "issue"),
            Entry("Newsletters", "mail", "issues", "newsletter"),
        ),
    ),
    (
        "Audience",
        (
            Entry("Subscribers", "group", "subscribers", "subscriber"),
            Entry("Segments", "filter_alt", "subscribers", "segment"),
            Entry("Mailing lists", "list_alt", "subscribers", "mailinglist"),
            Entry("Topics", "label", "subscribers", "topic"),
            Entry("Suppressions", "block", "subscribers", "suppression"),
            Entry("Taken off", "undo", "subscribers", "lifting"),
            Entry("Consent", "verified_user", "subscribers", "consent"),
            Entry("Erasures", "person_off", "subscribers", "erasure"),
        ),
    ),
    (
        "Delivery",
        (
            Entry("Sends", "send", "delivery", "send"),
            Entry("Batches", "inventory_2", "delivery", "batch"),
            Entry("Submissions", "outbox", "delivery", "submission"),
            Entry("Unknown", "question_mark", "delivery", "submission", "unknown", _unknown),
            Entry("Events", "bolt", "tracking", "event"),
            Entry("Alerts", "notifications_active", "tracking", "alert", count=_alerts),
        ),
    ),
    ("Access", (Entry("Users", "person", "auth", "user"), Entry("Groups", "shield_person", "auth", "group"))),
)


def banner(request: HttpRequest) -> list[str] | None:
    """What stands at the top of every page while an alert is open, as django-unfold's setting ENVIRONMENT wants it."""
    count = _alerts() if request.user.has_perm("tracking.view_alert") else 0
    return [f"{count} alert{'s' if count > 1 else ''} open", "danger"] if count else None


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar for who asks, as django-unfold's setting SIDEBAR.navigation wants it."""
    groups = []
    for title, entries in GROUPS:
        items = [
            {
                "title": entry.title,
                "icon": entry.icon,
                "link": reverse(f"admin:{entry.app}_{entry.model}_{entry.page}"),
                "badge": entry.count() if entry.count else None,
                "badge_variant": "warning",
            }
            for entry in entries
            if any(
                request.user.has_perm(f"{entry.app}.{right}_{entry.model}") for right in ("view", "change")
            )
        ]
        if items:
            groups.append({"title": title, "separator": True, "items": items})
    return groups
