"""From a rule to SQL."""

from datetime import datetime

from subscribers.models import Segment, Snapshot
from subscribers.segments.predicate import Predicate, Query
from subscribers.segments.rule import Group, Node, Rule, parse


def compile_rule(rule: Rule, *, prefix: str = "rule_", now: datetime, few: bool = False) -> Predicate:
    """Make one SQL expression of a rule. The names in it are looked up in the database.

    Args:
        prefix: of the names of its parameters: small letters, digits and _.
        now: the moment from which days and issues are counted back.
        few: for a query over one or a few people: then nothing is asked of everybody.
    Raises:
        SegmentError: it names something that is not there, or a segment that names itself.
    """
    query = Query(prefix, now, few=few)
    return Predicate(expression(rule.root, query), query.params)


def predicate_of(
    source: Segment | Snapshot, *, prefix: str = "rule_", now: datetime, few: bool = False
) -> Predicate:
    """Whether a subscriber is in a segment as its rule is now, or in a snapshot; see `compile_rule`."""
    query = Query(prefix, now, few=few)
    if isinstance(source, Snapshot):
        return Predicate(query.member_of(MEMBERS.format(snapshot=query.add(source.pk))), query.params)
    query.within = (source.slug,)
    return Predicate(expression(parse(source.rule).root, query), query.params)


MEMBERS = "SELECT subscriber_id FROM subscribers_snapshotmember WHERE snapshot_id = {snapshot}"


def expression(node: Node, query: Query) -> str:
    """One boolean expression, in brackets."""
    query.count(node.place)
    if not isinstance(node, Group):
        return f"({node.sql(query)})"
    parts = [expression(part, query) for part in node.parts]
    if node.join == "all":
        return f"({' AND '.join(parts)})"
    return f"({'NOT ' if node.join == 'none' else ''}({' OR '.join(parts)}))"
