"""The search that every page opens (Ctrl-K): people, issues, segments and pages, of what somebody may see."""

from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from mailer.issues.models import Issue, Newsletter
from mailer.staff.access.needs import needs
from mailer.staff.access.scope import lists_where, visible
from mailer.staff.builder.listing import found
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


@require_safe
@needs(None)
def search(request: HttpRequest) -> HttpResponse:
    """What a text finds, in place of django-unfold's own search: that keeps what it found for minutes, also from somebody
    whose role was taken away meanwhile."""
    started = perf_counter()
    results = _found(request.user, request.GET.get("s", "").strip().lower()[:200])
    shown = {
        "results": results,
        "page_obj": {"count": len(results)},
        "page_counter": 0,
        "execution_time": perf_counter() - started,
    }
    return render(request, "unfold/helpers/command_results.html", shown)


def _found(user: Any, text: str) -> list[Any]:
    """Issues first, then people, segments, newsletters and pages: so few of each that one page holds them."""
    if len(text) < 2:
        return []
    return [
        *_issues(user, text),
        *_people(user, text),
        *_segments(user, text),
        *_newsletters(user, text),
        *_pages(user, text),
    ] or [_nothing(text)]


def _nothing(text: str) -> Any:
    """What stands in the list where it would be empty: of an empty one unfold shows nothing at all."""
    return SearchResult(
        f"No issue, person or segment has “{text}” in it", "all issues", reverse("staff:issues"), "search_off"
    )


def _issues(user: Any, text: str) -> list[Any]:
    rows = visible(user, "issues.view_issue", Issue.objects.select_related("newsletter"))
    newest = found(rows, text).order_by("-date", "-id")[:EACH]
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
    results = [
        SearchResult(
            person.email,
            f"{person.first_name} {person.last_name}".strip() or "subscriber",
            reverse("admin:subscribers_subscriber_facts", args=[person.pk]),
            "person",
        )
        for person in (people[number] for number in numbers if number in people)
    ]
    if len(results) == EACH:
        address = f"{reverse('staff:people')}?{urlencode({'q': text})}"
        results.append(SearchResult(f"Everybody with “{text}”", "subscribers", address, "group"))
    return results


def _segments(user: Any, text: str) -> list[Any]:
    rows = visible(user, "subscribers.view_segment", Segment.objects.all())
    named = rows.filter(Q(name__icontains=text) | Q(slug__icontains=text)).order_by("name")[:EACH]
    return [
        SearchResult(
            each.name, f"segment {each.slug}", reverse("staff:segment", args=[each.pk]), "filter_alt"
        )
        for each in named
    ]


def _newsletters(user: Any, text: str) -> list[Any]:
    rows = visible(user, "issues.view_newsletter", Newsletter.objects.all())
    named = rows.filter(Q(name__icontains=text) | Q(slug__icontains=text)).order_by("name")[:EACH]
    return [
        SearchResult(
            each.name,
            "report of the newsletter",
            reverse("staff:newsletter-report", args=[each.pk]),
            "mail",
        )
        for each in named
    ]


def _pages(user: Any, text: str) -> list[Any]:
    return [
        SearchResult(entry.title, title, reverse(entry.page), entry.icon)
        for title, entries in GROUPS
        for entry in entries
        if text in entry.title.lower() and user.has_perm(entry.right)
    ]
