"""Which parts of a rule are true for one person."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from subscribers.models import Segment
from subscribers.segments.compiling import expression
from subscribers.segments.predicate import Query
from subscribers.segments.rule import Group, Node, conditions, parse

GROUPS = {"all": "all of these", "any": "any of these", "none": "none of these"}


@dataclass(frozen=True)
class Line:
    """One part of a rule: how deep it stands, where, what it says, and whether it is true for the person."""

    depth: int
    place: str
    says: str
    holds: bool


def explain(segment: Segment, subscriber_id: int, *, now: datetime) -> list[Line]:
    """Every part of a segment's rule, from the outside in; the first one says whether the person is in the segment.

    Raises:
        SegmentError: the rule cannot be evaluated.
    """
    root = parse(segment.rule).root
    query = Query("part_", now, few=True)
    query.within = (segment.slug,)
    columns = ", ".join(expression(condition, query) for condition in conditions(root))
    person = query.add(subscriber_id)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM subscribers_subscriber subscriber WHERE subscriber.id = {person}",
            query.params,
        )
        values = iter(cursor.fetchone())
    return _lines(root, 0, values)


def _lines(node: Node, depth: int, values: Iterator[bool]) -> list[Line]:
    """Takes a value for each condition, in their order."""
    if not isinstance(node, Group):
        return [Line(depth, node.place, node.says(False), next(values))]
    parts = [_lines(part, depth + 1, values) for part in node.parts]
    true = [part[0].holds for part in parts]
    holds = {"all": all(true), "any": any(true), "none": not any(true)}[node.join]
    return [Line(depth, node.place, GROUPS[node.join], holds), *(line for part in parts for line in part)]
