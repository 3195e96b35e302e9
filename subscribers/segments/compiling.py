"""From a rule to SQL."""

from collections.abc import Collection
from datetime import datetime

from subscribers.models import Segment, Snapshot
from subscribers.segments.predicate import Predicate, Query
from subscribers.segments.rule import Group, Node, Rule, parse


def compile_rule(
    rule: Rule,
    *,
    prefix: str = "rule_",
    now: datetime,
    few: bool = False,
    lists: Collection[int] | None = None,
) -> Predicate:
    """Make one SQL expression of a rule. The names in it are looked up in the database.

    Args:
        prefix: of the names of its parameters: small letters, digits and _.
        now: the moment from which days and issues are counted back.
        few: for a query over one or a few people: then nothing is asked of everybody.
        lists: only what is known of people on these mailing lists counts; None for all.
    Raises:
        SegmentError: it names something that is not there, a segment that names itself, or another list than these.
    """
    query = Query(prefix, now, few=few, lists=lists)
    return Predicate(expression(rule.root, query), query.params)


def predicate_of(
    source: Segment | Snapshot,
    *,
    prefix: str = "rule_",
    now: datetime,
    few: bool = False,
    lists: Collection[int] | None = None,
) -> Predicate:
    """Whether a subscriber is in a segment as its rule is now, or in a snapshot; see `compile_rule`."""
    query = Query(prefix, now, few=few, lists=lists)
    if isinstance(source, Snapshot):
        check_seen(source, query)
        return Predicate(query.member_of(MEMBERS.format(snapshot=query.add(source.pk))), query.params)
    query.within = (source.slug,)
    return Predicate(expression(parse(source.rule).root, query), query.params)


def check_seen(snapshot: Snapshot, query: Query) -> None:
    """Look whether a snapshot was taken by a rule that names only lists that may be seen.

    Raises:
        SegmentError: it was not, or its rule cannot be read any more.
    """
    if query.lists is not None:
        expression(parse(snapshot.rule).root, Query("snapshot_", query.now, lists=query.lists))


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
