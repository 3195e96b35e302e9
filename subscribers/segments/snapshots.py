"""Keeping whom a segment names at one moment."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import IntegrityError, transaction

from subscribers.models import Segment, Snapshot
from subscribers.segments.compiling import predicate_of
from subscribers.segments.counting import large_query, query
from subscribers.segments.errors import SegmentError


def take_snapshot(segment: Segment, *, slug: str = "", now: datetime) -> Snapshot:
    """Write down who is in a segment now. Later changes of its rule or of the people do not change the snapshot.

    Args:
        slug: of the snapshot; "" for the segment's with the time, such as readers-20260331-0915.
    Raises:
        SegmentError: the rule cannot be evaluated, or there is a snapshot of this name.
    """
    slug = slug or f"{segment.slug[:36]}-{now:%Y%m%d-%H%M}"
    try:
        Snapshot(slug=slug, segment=segment, rule=segment.rule, size=0).full_clean(validate_unique=False)
        validate_slug(slug)
    except ValidationError as error:
        raise SegmentError(
            "bad_slug", "", f"{slug!r} cannot be a short name: {' '.join(error.messages)}"
        ) from error
    predicate = predicate_of(segment, now=now)
    try:
        with transaction.atomic():
            snapshot = Snapshot.objects.create(
                slug=slug, segment=segment, rule=segment.rule, size=0, taken_at=now
            )
            with large_query() as cursor:
                cursor.execute(
                    "INSERT INTO subscribers_snapshotmember (snapshot_id, subscriber_id)"
                    f" SELECT %(snapshot)s, subscriber_id FROM ({query(predicate)}) AS member",
                    {"snapshot": snapshot.pk, **predicate.params},
                )
                snapshot.size = cursor.rowcount
            snapshot.save(update_fields=["size"])
    except IntegrityError as error:
        raise SegmentError(
            "name_taken", "", f"there is a snapshot {slug} already: choose another name"
        ) from error
    return snapshot
