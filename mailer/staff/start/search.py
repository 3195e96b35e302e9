"""The search that every page opens (Ctrl-K): people, issues, segments and pages, of what somebody may see."""

from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from mailer.issues.models import Issue, Newsletter
from mailer.staff.access.scope import lists_where, visible
from mailer.staff.sidebar import GROUPS
from subscribers.models import Segment, Subscriber
from subscribers.search.find import find

if TYPE_CHECKING:  # django-unfold has no type hints
    from collections.abc import Callable

    SearchResult: Callable[[str, str, str, str], Any]
else:
    from unfold.dataclasses import SearchResult

EACH = 6
"""Results of each kind."""


def search(request: HttpRequest, text: str) -> list[Any]:
    """What a text finds, as django-unfold's setting COMMAND.search_callback wants it: issues first, then people,
    segments, newsletters and pages.

    Args:
        text: what was typed, in small letters.
    """
    text = text.strip()[:200]
    if len(text) < 2 or "\0" in text:
        return []
    user = request.user
    return [
        *_issues(user, text),
        *_people(user, text),
        *_segments(user, text),
        *_newsletters(user, text),
        *_pages(user, text),
    ]


def _issues(user: Any, text: str) -> list[Any]:
    wanted = (
        Q(subject__icontains=text)
        | Q(stories__headline__icontains=text)
        | Q(newsletter__slug=text.partition("/")[0])
    )
    if text.isdecimal() and len(text) < 9:
        wanted |= Q(number=int(text))
    rows = visible(user, "issues.view_issue", Issue.objects.select_related("newsletter")).filter(wanted)
    newest = rows.distinct().order_by("-date", "-id")[:EACH]
    return [
        SearchResult(
            str(issue.subject), f"issue {issue}", reverse("staff:issue", args=[issue.pk]), "newspaper"
        )
        for issue in newest
    ]


def _people(user: Any, text: str) -> list[Any]:
    if not user.has_perm("subscribers.view_subscriber"):
        return []
    numbers = find(text, EACH, lists=lists_where(user, "subscribers.view_subscriber")).ids
    people = Subscriber.objects.in_bulk(numbers)
    return [
        SearchResult(
            person.email,
            f"{person.first_name} {person.last_name}".strip() or "subscriber",
            reverse("admin:subscribers_subscriber_facts", args=[person.pk]),
            "person",
        )
        for person in (people[number] for number in numbers if number in people)
    ]


def _segments(user: Any, text: str) -> list[Any]:
    rows = visible(user, "subscribers.view_segment", Segment.objects.all())
    found = rows.filter(Q(name__icontains=text) | Q(slug__icontains=text)).order_by("name")[:EACH]
    return [
        SearchResult(
            each.name, f"segment {each.slug}", reverse("staff:segment", args=[each.pk]), "filter_alt"
        )
        for each in found
    ]


def _newsletters(user: Any, text: str) -> list[Any]:
    rows = visible(user, "issues.view_newsletter", Newsletter.objects.all())
    found = rows.filter(Q(name__icontains=text) | Q(slug__icontains=text)).order_by("name")[:EACH]
    return [
        SearchResult(
            each.name,
            "report of the newsletter",
            reverse("admin:issues_newsletter_report", args=[each.pk]),
            "mail",
        )
        for each in found
    ]


def _pages(user: Any, text: str) -> list[Any]:
    return [
        SearchResult(entry.title, title, reverse(entry.page), entry.icon)
        for title, entries in GROUPS
        for entry in entries
        if text in entry.title.lower() and user.has_perm(entry.right)
    ]
