"""The search for people. As one types, only its results are asked for."""

import json
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from mailer.staff.access.needs import needs
from mailer.staff.access.scope import visible
from mailer.staff.admin.person import may_export
from mailer.staff.page import page
from mailer.staff.people.finding import RIGHT, Wanted, find_people, read_wanted
from subscribers.models import MailingList, SubscriptionState, Topic


@require_safe
@needs(RIGHT)
def people(request: HttpRequest) -> HttpResponse:
    """The people whom ?q=, ?list=, ?state=, ?topic= and ?suppressed= name, the newest first, or the best hit of a text."""
    wanted = read_wanted(request.GET)
    found = find_people(request.user, wanted)
    shown: dict[str, Any] = {
        "wanted": wanted,
        "found": found,
        "next": wanted.query(found.before) if found.before else "",
        "segment_url": _segment_url(request, wanted),
        "export_url": _export_url(request, wanted),
    }
    if request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request"):
        return render(request, "staff/people/found.html", shown)
    return page(request, "staff/people/page.html", "Subscribers", **shown, **_choices(request))


def _choices(request: HttpRequest) -> dict[str, Any]:
    lists = visible(request.user, "subscribers.view_mailinglist", MailingList.objects.all())
    return {
        "lists": lists,
        "topics": Topic.objects.all(),
        "states": SubscriptionState.choices,
        "may_add": request.user.has_perm("subscribers.add_subscriber"),
    }


def _export_url(request: HttpRequest, wanted: Wanted) -> str:
    """The page that exports the same people; "" for who may export nobody, and for everybody."""
    if wanted.rule is None or not may_export(request):
        return ""
    asked = {"rule": json.dumps(wanted.rule), "list": wanted.mailing_list}
    return f"{reverse('admin:subscribers_mailinglist_export')}?{urlencode(asked)}"


def _segment_url(request: HttpRequest, wanted: Wanted) -> str:
    """The builder with the same people as a rule; "" for who may make no segments, and for everybody."""
    if wanted.rule is None or not request.user.has_perm("subscribers.add_segment"):
        return ""
    return f"{reverse('staff:segment-new')}?{urlencode({'rule': json.dumps(wanted.rule)})}"
