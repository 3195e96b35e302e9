"""What the builder asks while somebody works on a rule: what it says, what is wrong, how many, and values to suggest."""

import time
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from mailer.staff.access.needs import needs
from mailer.staff.body import NotUnderstood, body_of, text_in
from mailer.staff.segments.seen import SECONDS, seen_by
from mailer.staff.superseding import GivenUp, newest
from subscribers.models import Segment
from subscribers.segments import (
    Predicate,
    SegmentError,
    compile_rule,
    counting,
    parse,
    predicate_of,
    sentence,
)
from subscribers.segments.faults import faults_of
from subscribers.segments.saving import check as check_rule
from subscribers.segments.suggesting import suggest

TOO_SLOW = 503
"""The status of a count that was stopped."""
MOST_PAGES = 10**9
"""A page draws a number below it for itself."""


@require_POST
@needs("subscribers.view_segment")
def check(request: HttpRequest) -> JsonResponse:
    """What a rule says: {"sentence", "faults": [{"code", "place", "message"}]}; a rule with faults says nothing."""
    try:
        data = body_of(request)
    except NotUnderstood as error:
        return _wrong("bad_json", "", str(error))
    faults = faults_of(data.get("rule"), slug=text_in(data, "slug"), now=timezone.now())
    says = "" if faults else sentence(parse(data.get("rule")))
    told = [{"code": fault.code, "place": fault.place, "message": fault.problem} for fault in faults]
    return JsonResponse({"sentence": says, "faults": told})


@require_POST
@needs("subscribers.change_segment")
def count(request: HttpRequest) -> JsonResponse:
    """How many people a rule names: {"people", "seconds", "examples"}. Of any rule, so it is for who may write rules:
    whoever could ask for any would learn of every single person whether it holds.

    "page" in the JSON is a number that tells one open page from another: an older count for the same one ends.

    422 for a rule that is wrong, 503 where it takes too long; both {"code", "place", "message"}.
    """
    try:
        data = body_of(request)
        now = timezone.now()
        rule = check_rule(data.get("rule"), slug=text_in(data, "slug"), now=now)
        predicate = compile_rule(rule, now=now, lists=seen_by(request.user).lists)
        with transaction.atomic(), newest(f"count {request.user.pk} {_page_in(data)}"):
            return JsonResponse(_counted(request, predicate))
    except NotUnderstood as error:
        return _wrong("bad_json", "", str(error))
    except SegmentError as error:
        return _wrong(error.code, error.place, error.problem)
    except GivenUp:
        return _wrong("too_slow", "", "A newer count took the place of this one.")


@require_GET
@needs("subscribers.view_segment", Segment)
def count_saved(request: HttpRequest, segment: Segment) -> HttpResponse:
    """How many people a saved segment names: as JSON where the builder asks, else a piece of the list of segments."""
    try:
        lists = seen_by(request.user).lists
        counted = _counted(request, predicate_of(segment, now=timezone.now(), lists=lists))
    except SegmentError as error:
        if request.GET.get("as") == "json":
            return _wrong(error.code, error.place, error.problem)
        return render(request, "staff/segments/count.html", {"wrong": str(error)})
    if request.GET.get("as") == "json":
        return JsonResponse(counted)
    return render(request, "staff/segments/count.html", counted)


@require_GET
@needs("subscribers.change_segment")
def suggestions(request: HttpRequest) -> JsonResponse:
    """Values that people have: {"values": […]}, for ?what=, ?name= (of an attribute) and ?q= (typed so far)."""
    seen = seen_by(request.user)
    if not seen.people:
        return JsonResponse({"values": []})
    asked = {key: request.GET.get(key, "") for key in ("what", "q", "name")}
    return JsonResponse({"values": suggest(asked["what"], asked["q"], name=asked["name"], lists=seen.lists)})


def _counted(request: HttpRequest, predicate: Predicate) -> dict[str, Any]:
    seen = seen_by(request.user)
    start = time.perf_counter()
    if seen.people:
        found = counting.count_with_examples(predicate, lists=seen.lists, seconds=SECONDS)
        people, examples = found.people, found.examples
    else:
        people, examples = counting.count(predicate, lists=seen.lists, seconds=SECONDS), []
    return {
        "people": people,
        "seconds": round(time.perf_counter() - start, 1),
        "examples": [
            {
                "address": each.address,
                "name": each.name,
                "country": each.country,
                "url": reverse("admin:subscribers_subscriber_facts", args=[each.id]),
            }
            for each in examples
        ],
    }


def _page_in(data: dict[str, Any]) -> int:
    """The number of the page that asks; 0 for one that has none."""
    page = data.get("page")
    return page if type(page) is int and 0 <= page < MOST_PAGES else 0


def _wrong(code: str, place: str, message: str) -> JsonResponse:
    status = TOO_SLOW if code == "too_slow" else 422
    return JsonResponse({"code": code, "place": place, "message": message}, status=status)
