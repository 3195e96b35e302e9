"""From a rule to SQL."""

from collections.abc import Collection
from datetime import datetime

from subscribers.models import MailingList, Segment, Snapshot
from subscribers.segments.errors import SegmentError
from subscribers.segments.predicate import Predicate, Query
from subscribers.segments.rule import Group, Node, Rule, conditions, parse


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
    """Look whether a snapshot was taken by a rule that looks only at lists that may be seen.

    Raises:
        SegmentError: it was not, or its rule cannot be read any more.
    """
    if query.lists is not None:
        for error in beyond(parse(snapshot.rule), query.lists, now=snapshot.taken_at):
            raise error


def beyond(rule: Rule, lists: Collection[int], *, now: datetime) -> list[SegmentError]:
    """The conditions of a rule that look beyond these mailing lists: at others, at any, or at issues sent to others.

    A count that is limited to some lists asks them of those alone. What was kept is asked of everything, by a send, a
    report or a snapshot: so who may see some lists alone keeps no rule with such a condition, and learns through none
    what a count does not tell them.
    """
    if not MailingList.objects.exclude(pk__in=lists).exists():
        return []
    found = []
    for condition in conditions(rule.root):
        try:
            query = Query("beyond_", now, lists=lists)
            expression(condition, query)
            everywhere, there = (
                compile_rule(Rule(condition), now=now, lists=limit) for limit in (None, lists)
            )
        except SegmentError as error:
            found.append(error)
            continue
        # What is sent later counts too, so it is not enough that both are the same today.
        if query.at_any or everywhere != there:
            found.append(SegmentError("not_yours", condition.place, _BEYOND))
    return found


_BEYOND = (
    "kept like this it looks at every list and newsletter, also at those that are not yours: name a list or a newsletter "
    "of your own in it"
)


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
