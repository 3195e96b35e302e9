"""All that is wrong with a rule at once, so that a form can say it at each row."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from subscribers.segments.compiling import expression
from subscribers.segments.errors import SegmentError
from subscribers.segments.predicate import Query
from subscribers.segments.rule import DEEPEST, VERSION, parse
from subscribers.segments.saving import check

WHOLE = ("too_deep", "too_large", "version", "not_an_object")
"""Errors of the rule as such: nothing is said of its conditions besides."""


def faults_of(data: object, *, slug: str = "", now: datetime) -> list[SegmentError]:
    """What is wrong with a rule: [] where it can be saved. Of each condition that is wrong it is the first thing.

    Args:
        slug: of the segment whose rule it is to be; "" for none yet.
    """
    try:
        check(data, slug=slug, now=now)
    except SegmentError as error:
        whole = [error]
    else:
        return []
    if whole[0].code in WHOLE or not isinstance(data, dict) or "version" not in data:
        return whole
    rule = {key: value for key, value in data.items() if key != "version"}
    return list(_faults(rule, "", slug, now, 0)) or whole


def _faults(node: Any, place: str, slug: str, now: datetime, depth: int) -> Iterator[SegmentError]:
    join = _join(node)
    if join and depth < DEEPEST:
        at = f"{place}.{join}" if place else join
        for n, part in enumerate(node[join]):
            yield from _faults(part, f"{at}[{n}]", slug, now, depth + 1)
        return
    try:
        query = Query("fault_", now)
        query.within = (slug,) if slug else ()
        expression(parse({**node, "version": VERSION} if isinstance(node, dict) else node).root, query)
    except SegmentError as error:
        yield SegmentError(error.code, _within(place, error.place), error.problem)


def _join(node: Any) -> str:
    """The word that joins the parts of a group with parts; "" for anything else."""
    if not isinstance(node, dict) or len(node) != 1:
        return ""
    ((key, parts),) = node.items()
    return key if key in ("all", "any", "none") and isinstance(parts, list) and parts else ""


def _within(place: str, inner: str) -> str:
    return f"{place}.{inner}" if place and inner else place or inner
