"""The staff site's sidebar: what a person may see, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from mailer.delivery.unknown import unknown
from mailer.staff.access.scope import User, visible
from mailer.tracking.models import Alert


@dataclass(frozen=True)
class Entry:
    """A page, for who has the right.

    Args:
        icon: a name of Google's Material Symbols.
        page: the name of its address.
        count: says how many of what a user may see wait there for somebody.
    """

    title: str
    icon: str
    page: str
    right: str
    count: Callable[[User], int] | None = None


def _list(title: str, icon: str, app: str, model: str) -> Entry:
    """The list of a model."""
    return Entry(title, icon, f"admin:{app}_{model}_changelist", f"{app}.view_{model}")


MOST = 100
"""The badge counts no further."""


def _unknown(user: User) -> int:
    return len(visible(user, "delivery.view_submission", unknown()).values_list("pk")[:MOST])


def _alerts(user: User | None = None) -> int:
    return len(Alert.objects.filter(ended_at=None).values_list("pk")[:MOST])


GROUPS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    ("", (Entry("Start", "home", "staff:start", "issues.view_newsletter"),)),
    (
        "Write",
        (
            Entry("Issues", "newspaper", "staff:issues", "issues.view_issue"),
            Entry("Backlog", "inbox", "staff:backlog", "issues.view_story"),
            _list("Newsletters", "mail", "issues", "newsletter"),
            Entry("Themes", "palette", "staff:themes", "issues.view_owntheme"),
        ),
    ),
    (
        "Send",
        (
            _list("Sends", "send", "delivery", "send"),
            Entry("Reports", "monitoring", "staff:reports", "delivery.view_send"),
            Entry(
                "Unknown",
                "question_mark",
                "admin:delivery_submission_unknown",
                "delivery.view_submission",
                _unknown,
            ),
            Entry(
                "Alerts",
                "notifications_active",
                "admin:tracking_alert_changelist",
                "tracking.view_alert",
                _alerts,
            ),
        ),
    ),
    (
        "Audience",
        (
            Entry("Subscribers", "group", "staff:people", "subscribers.view_subscriber"),
            Entry("Imports", "upload_file", "staff:imports", "subscribers.view_import"),
            Entry("Segments", "filter_alt", "staff:segments", "subscribers.view_segment"),
            Entry("Mailing lists", "list_alt", "staff:lists", "subscribers.view_mailinglist"),
            _list("Topics", "label", "subscribers", "topic"),
            Entry("Suppressions", "block", "staff:suppressions", "subscribers.view_suppression"),
        ),
    ),
    (
        "Records",
        (
            _list("Consent", "verified_user", "subscribers", "consent"),
            _list("Taken off", "undo", "subscribers", "lifting"),
            _list("Erasures", "person_off", "subscribers", "erasure"),
            _list("Batches", "inventory_2", "delivery", "batch"),
            _list("Submissions", "outbox", "delivery", "submission"),
            _list("Events", "bolt", "tracking", "event"),
        ),
    ),
    (
        "Access",
        (
            _list("Users", "person", "auth", "user"),
            Entry("Audit log", "history", "staff:audit", "admin.view_logentry"),
        ),
    ),
)
FOLDED = {"Records", "Access"}
"""Groups that are closed until somebody opens them: what one looks up now and then."""


def banner(request: HttpRequest) -> list[str] | None:
    """What stands at the top of every page while an alert is open, as django-unfold's setting ENVIRONMENT wants it."""
    count = _alerts() if request.user.has_perm("tracking.view_alert") else 0
    return [f"{count} alert{'s' if count > 1 else ''} open", "danger"] if count else None


def _entry_of(path: str) -> Entry | None:
    """The entry under which a page stands: the one whose address is the longest that the page's begins with."""
    links = {reverse(entry.page): entry for _, entries in GROUPS for entry in entries}
    start = reverse("staff:start")  # of which all others are a part
    above = [link for link in links if path == link or (path.startswith(link) and link != start)]
    return links[max(above, key=len)] if above else None


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar for who asks, as django-unfold's setting SIDEBAR.navigation wants it."""
    groups = []
    here = _entry_of(request.path)
    for title, entries in GROUPS:
        items = [
            {
                "title": entry.title,
                "icon": entry.icon,
                "link": reverse(entry.page),
                "active": entry is here,
                "badge": entry.count(request.user) if entry.count else None,
                "badge_variant": "warning",
            }
            for entry in entries
            if request.user.has_perm(entry.right)
        ]
        if items:
            groups.append(
                {"title": title, "separator": bool(title), "collapsible": title in FOLDED, "items": items}
            )
    return groups
