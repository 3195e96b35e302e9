"""By segment: those that marketers want in reports, each with the people who are in it as the report is counted."""

from typing import Any

from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from mailer.tracking.reports.breakdowns import REFUSALS
from mailer.tracking.reports.figures import Breakdown, Group, Totals
from mailer.tracking.reports.people import MASK, TOTALS
from subscribers.models import Segment
from subscribers.segments import SegmentError, predicate_of
from subscribers.segments.in_reports import MOST

_COUNT = f"""
WITH counted AS (
    SELECT {{members}} AS members, {MASK} AS mask, count(*) AS people
    FROM delivery_delivery delivery
    JOIN delivery_batch batch ON batch.id = delivery.batch_id
    JOIN subscribers_subscriber subscriber ON subscriber.id = delivery.subscriber_id
    WHERE delivery.send_id = %(send)s AND subscriber.erased_at IS NULL
    GROUP BY 1, 2
)
SELECT place, {TOTALS} FROM counted JOIN generate_series(0, %(last)s) AS place ON members >> place & 1 = 1 GROUP BY 1
"""


def by_segment(cursor: CursorWrapper, send_id: int) -> Breakdown | None:
    """The people of a send in each segment that reports show; None where there is no such segment.

    All in one reading of the deliveries: who is in which stands in the bits of one number. A segment whose rule names
    something that is there no more is left out, and the breakdown says so.
    """
    segments: list[Segment] = []
    members: list[str] = []
    params: dict[str, Any] = {}
    broken: list[str] = []
    now = timezone.now()
    for segment in Segment.objects.filter(in_reports=True).order_by("name", "slug")[:MOST]:
        try:
            # The rule is compiled before anything is asked, so a broken one does not end the transaction.
            predicate = predicate_of(segment, prefix=f"s{len(segments)}_", now=now)
        except SegmentError as error:
            broken.append(f"{segment.name}: {error}")
            continue
        members.append(f"CASE WHEN {predicate.sql} THEN {1 << len(segments)} ELSE 0 END")
        params.update(predicate.params)
        segments.append(segment)
    if not segments and not broken:
        return None
    found: dict[int, Totals] = {}
    if segments:
        cursor.execute(
            _COUNT.format(members=" | ".join(members)), {"send": send_id, "last": len(segments) - 1, **params}
        )
        found = {place: Totals(*numbers) for place, *numbers in cursor.fetchall()}
    groups = (Group(segment.name, found.get(place, Totals())) for place, segment in enumerate(segments))
    says = (
        "who are in a segment now, as this was counted, whoever was in it when the mail left;"
        " one may be in several"
    )
    without = f". Could not be asked: {'; '.join(broken)}" if broken else ""
    return Breakdown("segment", "Segments", says + without, REFUSALS, tuple(groups))
