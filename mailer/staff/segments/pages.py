"""The list of segments, and the page on which a rule is built."""

import json
from typing import Any

from django.core.paginator import Paginator
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from mailer.staff.access.needs import needs
from mailer.staff.access.scope import visible
from mailer.staff.admin.person import may_export
from mailer.staff.page import page
from mailer.staff.segments.seen import seen_by
from mailer.staff.segments.uses import uses_of
from subscribers.models import Segment, Snapshot
from subscribers.segments.describing import describe
from subscribers.segments.rule import VERSION
from subscribers.segments.sentence import sentence_of
from subscribers.segments.suggesting import attributes

FIRST_RULE = {"version": VERSION, "all": [{}]}
"""A new segment's: one condition that is still to be chosen."""
ON_A_PAGE = 50
DEEPEST_JSON = 50
"""Lists and objects within each other: twice as many as the deepest rule has."""


@require_GET
@needs("subscribers.view_segment")
def segments(request: HttpRequest) -> HttpResponse:
    """All segments, or those with ?q= in a name. Nobody is counted before somebody asks."""
    text = request.GET.get("q", "").replace("\x00", "").strip()
    pages = Paginator(_found(request, text), ON_A_PAGE).get_page(request.GET.get("page"))
    shown = [(segment, sentence_of(segment.rule)) for segment in pages]
    rights = {f"may_{act}": request.user.has_perm(f"subscribers.{act}_segment") for act in ("add", "change")}
    everybody = seen_by(request.user).lists is None
    return page(
        request,
        "staff/segments/list.html",
        "Segments",
        q=text,
        pages=pages,
        segments=shown,
        everybody=everybody,
        may_export=may_export(request),
        **rights,
    )


@require_GET
@needs("subscribers.add_segment")
def new(request: HttpRequest) -> HttpResponse:
    """The builder with a new segment; ?rule= is what it begins with, as JSON, and ?name= its name."""
    rule = _rule_in(request.GET.get("rule", ""))
    named = {"name": request.GET.get("name", ""), "slug": "", "in_reports": False, "rule": rule}
    return _builder(request, "New segment", None, named)


@require_GET
@needs("subscribers.view_segment", Segment)
def segment(request: HttpRequest, segment: Segment) -> HttpResponse:
    """The builder with a segment. Who may not change it looks at it."""
    saved = {
        "name": segment.name,
        "slug": segment.slug,
        "in_reports": segment.in_reports,
        "rule": segment.rule,
        "changed_at": segment.changed_at.isoformat(),
    }
    return _builder(request, segment.name, segment, saved)


def _rule_in(text: str) -> Any:
    """What an address names to begin with; a first rule where that is nothing which the page could read."""
    try:
        rule = json.loads(text)
        json.dumps(rule, allow_nan=False)
    except (ValueError, RecursionError):
        return FIRST_RULE
    return rule if rule and _is_shallow(rule, DEEPEST_JSON) else FIRST_RULE


def _is_shallow(value: Any, most: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return most > 0 and all(_is_shallow(each, most - 1) for each in inner)


def _found(request: HttpRequest, text: str) -> QuerySet[Segment]:
    newest = Snapshot.objects.filter(segment=OuterRef("pk")).order_by("-taken_at")
    rows: QuerySet[Segment] = visible(request.user, "subscribers.view_segment", Segment.objects.all())
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(slug__icontains=text))
    annotated: QuerySet[Segment] = rows.annotate(
        kept_people=Subquery(newest.values("size")[:1]), kept_at=Subquery(newest.values("taken_at")[:1])
    )
    return annotated


def _builder(
    request: HttpRequest, title: str, segment: Segment | None, shown: dict[str, Any]
) -> HttpResponse:
    user, seen = request.user, seen_by(request.user)
    may_change = user.has_perm("subscribers.change_segment", segment) if segment else True
    data = {
        "segment": shown,
        "may_change": may_change,
        "sees_people": seen.people,
        "limited": seen.lists is not None,
        "urls": _urls(segment, may_change),
        "described": describe(seen.lists),
        "attributes": [vars(each) for each in attributes(seen.lists)] if seen.people else [],
    }
    return page(
        request,
        "staff/segments/builder.html",
        title,
        data=data,
        segment=segment,
        uses=uses_of(segment, user) if segment else None,
        snapshots=Snapshot.objects.filter(segment=segment) if segment else (),
        everybody=seen.lists is None,
        may_change=may_change,
        may_delete=bool(segment) and user.has_perm("subscribers.delete_segment", segment),
        may_delete_snapshots=user.has_perm("subscribers.delete_snapshot"),
        may_export=may_export(request),
    )


def _urls(segment: Segment | None, may_change: bool) -> dict[str, str]:
    save = reverse("staff:segment-save", args=[segment.pk]) if segment else reverse("staff:segment-create")
    urls = {
        "save": save,
        "check": reverse("staff:segment-check"),
        "suggest": reverse("staff:segment-suggest"),
    }
    # Any rule is counted for who may write rules; others count the segment as it is saved.
    if may_change:
        return {**urls, "count": reverse("staff:segment-count-rule")}
    return {**urls, "count_saved": reverse("staff:segment-count", args=[segment.pk]) if segment else ""}
