"""All mailing lists, each with how many people are on it."""

from django.core.cache import cache
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from mailer.staff.access.needs import needs
from mailer.staff.access.scope import visible
from mailer.staff.page import page
from subscribers.models import MailingList, Subscription, SubscriptionState

KEPT = 60
"""Seconds for which a count is shown again: a list may have a million subscriptions."""


@require_safe
@needs("subscribers.view_mailinglist")
def lists(request: HttpRequest) -> HttpResponse:
    """The lists that somebody may see. How many are on each comes after the page, one by one."""
    user = request.user
    seen = visible(user, "subscribers.view_mailinglist", MailingList.objects.all())
    changed = set(visible(user, "subscribers.change_mailinglist", seen).values_list("pk", flat=True))
    rights = {
        "may_add": user.has_perm("subscribers.add_mailinglist"),
        "may_import": user.has_perm("subscribers.import_subscriber"),
        "may_export": user.has_perm("subscribers.export_subscriber"),
        "may_see_people": user.has_perm("subscribers.view_subscriber"),
    }
    found = seen.prefetch_related("newsletters")
    return page(request, "staff/lists/list.html", "Mailing lists", lists=found, changed=changed, **rights)


@require_safe
@needs("subscribers.view_mailinglist", MailingList)
def counts(request: HttpRequest, mailing_list: MailingList) -> HttpResponse:
    """How many are on a list in which state, as a piece of the page."""
    # A number may be another list's once a database was restored.
    key = f"list-counts:{mailing_list.pk}:{mailing_list.created_at.timestamp()}"
    try:
        found = cache.get_or_set(key, lambda: _counted(mailing_list), KEPT) or {}
    except RedisError:
        found = _counted(mailing_list)
    states = [(state.label.lower(), found.get(state.value, 0)) for state in SubscriptionState]
    return render(request, "staff/lists/counts.html", {"states": states})


def _counted(mailing_list: MailingList) -> dict[str, int]:
    rows = Subscription.objects.filter(mailing_list=mailing_list).order_by()
    return dict(rows.values_list("state").annotate(Count("pk")))
