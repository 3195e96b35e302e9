"""Which segments the reports of issues show by themselves."""

from subscribers.models import Segment
from subscribers.segments.errors import SegmentError
from subscribers.segments.saving import one_at_a_time

MOST = 10
"""Each costs a query over all recipients, as often as a report is counted."""


def show_in_reports(segment: Segment, shown: bool) -> None:
    """Show a segment in reports from their next count on, or no more.

    Raises:
        SegmentError: MOST others are shown already.
    """
    with one_at_a_time():
        if shown:
            check_room(segment.pk)
        Segment.objects.filter(pk=segment.pk).update(in_reports=shown)


def check_room(segment_id: int | None) -> None:
    """Whether reports may show one more.

    Args:
        segment_id: of the one; None for one that is not saved yet.
    Raises:
        SegmentError: they show MOST others.
    """
    others = Segment.objects.filter(in_reports=True).exclude(pk=segment_id or 0).order_by("slug")
    shown = list(others.values_list("slug", flat=True)[:MOST])
    if len(shown) >= MOST:
        raise SegmentError(
            "too_many_in_reports",
            "",
            f"reports show {MOST} segments already: {', '.join(shown)}. Take one of them out first",
        )
