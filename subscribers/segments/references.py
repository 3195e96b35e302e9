"""Conditions that name other segments and snapshots."""

from dataclasses import dataclass

from subscribers.models import Segment, Snapshot
from subscribers.segments.compiling import MEMBERS, check_seen, expression
from subscribers.segments.errors import SegmentError
from subscribers.segments.faces import SEGMENTS, Choices, Face, Operator, Value
from subscribers.segments.names import no_such, number_of
from subscribers.segments.predicate import Query
from subscribers.segments.reading import below
from subscribers.segments.rule import Kind, parse


@dataclass(frozen=True)
class SegmentCondition:
    """In another segment, as its rule is now."""

    slug: str
    place: str

    def sql(self, query: Query) -> str:
        place = below(self.place, "segment")
        if self.slug in query.within:
            way = " → ".join([*query.within[query.within.index(self.slug) :], self.slug])
            raise SegmentError("cycle", place, f"the segment would be a part of itself: {way}")
        segment = Segment.objects.filter(slug=self.slug).first()
        if segment is None:
            raise no_such("segment", self.slug, list(Segment.objects.values_list("slug", flat=True)), place)
        outer = query.within
        query.within = (*outer, self.slug)
        try:
            return expression(parse(segment.rule).root, query)
        except SegmentError as error:
            if error.code in ("cycle", "too_large", "not_yours"):
                raise SegmentError(error.code, place, error.problem) from error
            problem = f"the segment {self.slug} has an error of its own at {error}"
            raise SegmentError(error.code, place, problem) from error
        finally:
            query.within = outer

    def says(self, negated: bool) -> str:
        return f"{'not ' if negated else ''}in the segment {self.slug}"


@dataclass(frozen=True)
class SnapshotCondition:
    """Was in a segment when a snapshot of it was taken."""

    slug: str
    place: str

    def sql(self, query: Query) -> str:
        place = below(self.place, "snapshot")
        number = query.add(number_of(Snapshot, self.slug, place))
        if query.lists is not None:
            try:
                check_seen(Snapshot.objects.get(slug=self.slug), query)
            except SegmentError as error:
                raise SegmentError(error.code, place, error.problem) from error
        return query.member_of(MEMBERS.format(snapshot=number))

    def says(self, negated: bool) -> str:
        return f"{'not ' if negated else ''}in the snapshot {self.slug}"


_SEGMENTS = Choices("segment", lambda lists: list(Segment.objects.values_list("slug", "name")))
_SNAPSHOTS = Choices(
    "snapshot", lambda lists: [(slug, slug) for slug in Snapshot.objects.values_list("slug", flat=True)]
)


def _face(key: str, label: str, choices: Choices) -> Face:
    return Face(key, SEGMENTS, label, (Operator("is", (key,), Value("choice", choices=choices)),))


SEGMENT = Kind(
    "segment",
    lambda part: SegmentCondition(part.text("segment"), part.place),
    '{"segment": "readers"}',
    (_face("segment", "In the segment", _SEGMENTS),),
)
SNAPSHOT = Kind(
    "snapshot",
    lambda part: SnapshotCondition(part.text("snapshot"), part.place),
    '{"snapshot": "readers-in-march"}',
    (_face("snapshot", "In the snapshot", _SNAPSHOTS),),
)
