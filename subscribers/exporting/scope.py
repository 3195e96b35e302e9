"""Who is exported, as SQL."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from subscribers.exporting.errors import CannotExport
from subscribers.models import MailingList, Segment, Subscription
from subscribers.segments.compiling import predicate_of
from subscribers.segments.counting import large_query


@dataclass(frozen=True)
class Scope:
    """The people of a list, of a segment, or of a segment who are on a list; of a list those in some states, or all.

    `lists` are those of which a segment's rule may tell; None for all.

    Raises CannotExport when it names neither, or states without a list.
    """

    mailing_list: MailingList | None = None
    segment: Segment | None = None
    states: tuple[str, ...] = ()
    lists: frozenset[int] | None = None

    def __post_init__(self) -> None:
        if self.mailing_list is None and self.segment is None:
            raise CannotExport("nothing_named", "Say whose: a list, a segment, or both.")
        if self.states and self.mailing_list is None:
            raise CannotExport("state_of_what", "A state is that of a subscription: name the list too.")

    def __str__(self) -> str:
        parts = [f"list {self.mailing_list.slug}"] if self.mailing_list else []
        parts += [f"segment {self.segment.slug}"] if self.segment else []
        parts += [f"state {' or '.join(self.states)}"] if self.states else []
        return ", ".join(parts)

    def people(self) -> tuple[str, dict[str, Any]]:
        """FROM and WHERE with the aliases subscriber and, with a list, subscription; and the parameters.

        Raises:
            SegmentError: the segment's rule names something that is not there any more.
        """
        joins, conditions = "", ["subscriber.erased_at IS NULL"]
        values: dict[str, Any] = {}
        if self.mailing_list:
            joins = "JOIN subscribers_subscription subscription ON subscription.subscriber_id = subscriber.id"
            conditions.append("subscription.mailing_list_id = %(list)s")
            values["list"] = self.mailing_list.pk
        if self.states:
            conditions.append("subscription.state = ANY(%(states)s)")
            values["states"] = list(self.states)
        if self.segment:
            predicate = predicate_of(self.segment, prefix="segment_", now=timezone.now(), lists=self.lists)
            conditions.append(predicate.sql)
            values |= predicate.params
        return f"FROM subscribers_subscriber subscriber {joins} WHERE {' AND '.join(conditions)}", values


def count_people(scope: Scope, seconds: float) -> int:
    """How many people a scope names.

    Raises:
        SegmentError: see Scope.people; or it took longer than so many seconds.
    """
    people, values = scope.people()
    with large_query(seconds) as cursor:
        cursor.execute(f"SELECT count(*) {people}", values)
        return int(cursor.fetchone()[0])


def scope_of(*, list_slug: str = "", segment_slug: str = "", states: Sequence[str] = ()) -> Scope:
    """The scope that names say.

    Raises:
        CannotExport: there is no such list, segment or state.
    """
    mailing_list = segment = None
    if list_slug:
        mailing_list = MailingList.objects.filter(slug=list_slug).first()
        if mailing_list is None:
            there = _there_are(MailingList.objects.order_by("slug").values_list("slug", flat=True))
            raise CannotExport("unknown_list", f"There is no list {list_slug!r}. {there}")
    if segment_slug:
        segment = Segment.objects.filter(slug=segment_slug).first()
        if segment is None:
            there = _there_are(Segment.objects.order_by("slug").values_list("slug", flat=True))
            raise CannotExport("unknown_segment", f"There is no segment {segment_slug!r}. {there}")
    for state in states:
        if state not in Subscription.State.values:
            raise CannotExport(
                "unknown_state", f"There is no state {state!r}. {_there_are(Subscription.State.values)}"
            )
    return Scope(mailing_list, segment, tuple(states))


def _there_are(names: Iterable[str]) -> str:
    return f"There are: {listed}." if (listed := ", ".join(names)) else "There is none yet."
