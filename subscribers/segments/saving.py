"""Saving and deleting segments."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from subscribers.models import Segment, Snapshot
from subscribers.segments.compiling import expression
from subscribers.segments.errors import SegmentError
from subscribers.segments.predicate import Query
from subscribers.segments.references import SegmentCondition, SnapshotCondition
from subscribers.segments.rule import Condition, Rule, conditions, parse

LONGEST_SLUG, LONGEST_NAME = 50, 200
"""Characters, as the store's columns."""
LOCK = 0x7365676D
"""Of PostgreSQL's advisory locks: rules are changed one at a time, so that no two make a circle together."""


def check(data: object, *, slug: str = "", now: datetime) -> Rule:
    """Read a rule and look up every name in it.

    Args:
        slug: of the segment whose rule it is to be; "" for none yet.
    Raises:
        SegmentError: what is wrong, and where. Also where the segment would be a part of itself.
    """
    rule = parse(data)
    query = Query("check_", now)
    query.within = (slug,) if slug else ()
    expression(rule.root, query)
    return rule


def save(slug: str, data: object, *, name: str = "") -> tuple[Segment, bool]:
    """Make a segment, or change the rule of the one that has this slug; an empty name leaves the one it has.

    Returns: the segment, and whether it is new.
    Raises:
        SegmentError: the rule cannot be, or the slug is none.
    """
    try:
        validate_slug(slug)
    except ValidationError:
        raise SegmentError(
            "bad_slug", "", f"{slug!r} cannot be a short name: use letters, digits, - and _"
        ) from None
    for what, given, longest in (("short name", slug, LONGEST_SLUG), ("name", name, LONGEST_NAME)):
        if len(given) > longest:
            raise SegmentError("long_name", "", f"the {what} may be {longest} characters long: shorten it")
    with one_at_a_time():
        check(data, slug=slug, now=timezone.now())
        values: dict[str, Any] = {"rule": data, "changed_at": timezone.now()}
        named = {"name": name} if name else {}
        new = {**values, "name": name or slug.replace("-", " ").replace("_", " ").capitalize()}
        return Segment.objects.update_or_create(slug=slug, defaults=values | named, create_defaults=new)


def delete(segment: Segment) -> None:
    """Delete a segment that nothing uses.

    Raises:
        SegmentError: a snapshot, an audience or another segment uses it.
    """
    with one_at_a_time():
        _delete(segment, users_of(segment.slug))


def delete_snapshot(snapshot: Snapshot) -> None:
    """Delete a snapshot that nothing uses.

    Raises:
        SegmentError: an audience or a segment uses it.
    """
    with one_at_a_time():
        _delete(snapshot, _naming(snapshot.slug, SnapshotCondition))


def _delete(unused: Segment | Snapshot, users: list[str]) -> None:
    if users:
        raise SegmentError("in_use", "", f"{unused.slug} is a part of {', '.join(users)}: change those first")
    try:
        unused.delete()
    except ProtectedError as error:
        used = sorted({f"{found._meta.verbose_name} {found}" for found in error.protected_objects})[:10]
        problem = f"{unused.slug} is used by {', '.join(used)}: delete or change those first"
        raise SegmentError("in_use", "", problem) from error


def users_of(slug: str) -> list[str]:
    """The segments whose rules name the one of this slug, by theirs."""
    return _naming(slug, SegmentCondition)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """A transaction in which no other one changes a rule."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        yield


def _naming(slug: str, kind: type[SegmentCondition] | type[SnapshotCondition]) -> list[str]:
    return [
        user.slug
        for user in Segment.objects.order_by("slug")
        if any(isinstance(each, kind) and each.slug == slug for each in _conditions(user.rule))
    ]


def _conditions(data: object) -> list[Condition]:
    """A rule that cannot be read, being of an older version perhaps, names nothing."""
    try:
        return conditions(parse(data).root)
    except SegmentError:
        return []
