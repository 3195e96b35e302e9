"""Saving and deleting segments, and keeping whom one names now."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST

from mailer.staff.access.needs import needs
from mailer.staff.audit import ADDITION, CHANGE, DELETION, record
from mailer.staff.body import NotUnderstood, body_of, text_in
from mailer.staff.segments.seen import seen_by
from subscribers.models import Segment, Snapshot
from subscribers.segments import SegmentError, predicate_of
from subscribers.segments.saving import delete, delete_snapshot
from subscribers.segments.sentence import sentence_of
from subscribers.segments.snapshots import take_snapshot
from subscribers.segments.writing import Fault, Refused, Wanted, write


@require_POST
@needs("subscribers.add_segment")
def create(request: HttpRequest) -> JsonResponse:
    """Make a segment of JSON: {"name", "slug", "rule", "in_reports"}. Answers as `save`, with 201."""
    return _write(request, None)


@require_POST
@needs("subscribers.change_segment", Segment)
def save(request: HttpRequest, segment: Segment) -> JsonResponse:
    """Change a segment; "base" in the JSON is the "changed_at" that somebody started from.

    Answers {"id", "url", "changed_at"}; 422 with {"faults": [{"field", "place", "message"}]}; 409 with the same where
    somebody else saved it in the meantime. Who may see the people of some lists alone keeps no rule that looks beyond.
    """
    return _write(request, segment)


@require_POST
@needs("subscribers.delete_segment", Segment)
def remove(request: HttpRequest, segment: Segment) -> HttpResponse:
    """Delete a segment that nothing uses."""
    return _remove(request, segment, reverse("staff:segment", args=[segment.pk]), reverse("staff:segments"))


@require_POST
@needs("subscribers.delete_snapshot", Snapshot)
def remove_snapshot(request: HttpRequest, snapshot: Snapshot) -> HttpResponse:
    """Delete a snapshot that nothing uses."""
    page = reverse("staff:segment", args=[snapshot.segment_id])
    return _remove(request, snapshot, page, page)


@require_POST
@needs("subscribers.change_segment", Segment)
def snapshot(request: HttpRequest, segment: Segment) -> HttpResponse:
    """Keep whom a segment names now, under a short name or, without one, under its own with the time."""
    now, lists = timezone.now(), seen_by(request.user).lists
    try:
        predicate_of(segment, now=now, lists=lists)  # else a snapshot would tell what its rule may not
        taken = take_snapshot(segment, slug=request.POST.get("slug", "").strip(), now=now)
    except SegmentError as error:
        messages.error(request, f"No snapshot was taken: {error}")
    else:
        record(request.user, segment, f"Took the snapshot {taken.slug}.")
        # A snapshot is of everybody, also of people whom somebody may not count.
        people = f" holds {taken.size:,} people" if lists is None else " was taken"
        messages.success(request, f"{taken.slug}{people}.")
    return redirect("staff:segment", segment.pk)


def _write(request: HttpRequest, before: Segment | None) -> JsonResponse:
    try:
        data = body_of(request)
        base = parse_datetime(text_in(data, "base"))
    except (NotUnderstood, ValueError) as error:
        return _refused([Fault("rule", "", str(error))], 422)
    wanted = Wanted(
        text_in(data, "name"), text_in(data, "slug"), data.get("rule"), data.get("in_reports") is True
    )
    try:
        lists = seen_by(request.user).lists
        written = write(wanted, segment=before.pk if before else None, base=base, lists=lists)
    except Refused as error:
        return _refused(error.faults, 409 if error.changed else 422)
    said = f"{'Changed' if before else 'Made'} the segment: {sentence_of(written.rule)}"
    record(request.user, written, said, CHANGE if before else ADDITION)
    url = reverse("staff:segment", args=[written.pk])
    answer: dict[str, Any] = {"id": written.pk, "url": url, "changed_at": written.changed_at.isoformat()}
    return JsonResponse(answer, status=200 if before else 201)


def _refused(faults: list[Fault], status: int) -> JsonResponse:
    return JsonResponse({"faults": [vars(fault) for fault in faults]}, status=status)


def _remove(request: HttpRequest, unused: Segment | Snapshot, back: str, done: str) -> HttpResponse:
    try:
        with transaction.atomic():
            record(request.user, unused, f"Deleted {unused.slug}.", DELETION)
            delete(unused) if isinstance(unused, Segment) else delete_snapshot(unused)
    except SegmentError as error:
        messages.error(request, f"Nothing was deleted: {error}.")
        return redirect(back)
    messages.success(request, f"Deleted {unused.slug}.")
    return redirect(done)
