"""Whom on its list a send is for: those in any of some segments, and in none of some others; without any, everybody.

Each segment's rule is kept with the send as it was when the send was arranged; other segments that a rule names are asked
as they are at the plan. What a rule says of "the last 30 days" is counted back from the moment of the plan, which is the
send's planned_at. A rule that names something that is there no more stops the plan.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from mailer.delivery.errors import DeliveryError
from mailer.delivery.models import Send, SendSegment
from subscribers.models import Segment, Snapshot
from subscribers.segments import Predicate, SegmentError, parse, predicate_of, sentence

EVERYBODY = "everybody"
NEWCOMERS = "whoever confirms"
CANDIDATES = ("on the list", "on the list and in the audience")
"""What the candidates of a send are, without and with segments."""
SHOWN = 5
"""Segments that are named to whoever names one that is not there."""


class BadAudience(DeliveryError):
    """The people a send is for cannot be told; the message says why, and what to do."""

    code = "bad_audience"


@dataclass(frozen=True)
class Part:
    """One segment of an audience, with the rule that holds for the send.

    Args:
        out: those in it do not get the send.
        says: the rule as people read it.
    """

    source: Segment | Snapshot
    out: bool
    rule: Any
    says: str

    def __str__(self) -> str:
        return f"“{self.source}” ({self.says})"

    @property
    def key(self) -> tuple[bool, bool, int]:
        """Its place in the order of parts."""
        return self.out, isinstance(self.source, Snapshot), self.source.pk


@dataclass(frozen=True)
class Audience:
    """The parts in the order of their keys, so that the same audience is equal however it was named. `rolling` is that
    of a welcome issue's send."""

    parts: tuple[Part, ...] = ()
    rolling: bool = False

    def __str__(self) -> str:
        """In words, after "to": those in “Asia” (in Singapore or Malaysia), but not in “Staff” (on the list Staff)."""
        if self.rolling:
            return NEWCOMERS
        into, out = (
            " or in ".join(str(part) for part in self.parts if part.out is is_out) for is_out in (False, True)
        )
        if not out:
            return f"those in {into}" if into else EVERYBODY
        return f"those in {into}, but not in {out}" if into else f"{EVERYBODY} but those in {out}"


def read_audience(into: Sequence[str], out: Sequence[str]) -> Audience:
    """The audience that somebody named.

    Args:
        into, out: the slugs of segments or snapshots. Who is in any of `into`, or without any simply everybody, gets the
            send, but for those in any of `out`.
    Raises:
        BadAudience: there is none of a name, one is named twice, or its rule cannot be read.
    """
    named = [*into, *out]
    twice = next((slug for slug in named if named.count(slug) > 1), None)
    if twice is not None:
        raise BadAudience(f"The segment {twice} is named twice. Name each once.")
    return _ordered(_part(slug, is_out) for slugs, is_out in ((into, False), (out, True)) for slug in slugs)


def audience_of(send: Send) -> Audience:
    """Whom a send was arranged for."""
    rows = send.audience.select_related("segment", "snapshot")
    parts = _ordered(Part(_source(row), row.out, row.rule, row.sentence) for row in rows).parts
    return Audience(parts, send.rolling)


def write_audience(send: Send, audience: Audience) -> None:
    """Keep an audience with a send that has none yet."""
    SendSegment.objects.bulk_create(
        SendSegment(
            send=send,
            segment=part.source if isinstance(part.source, Segment) else None,
            snapshot=part.source if isinstance(part.source, Snapshot) else None,
            out=part.out,
            rule=part.rule,
            sentence=part.says,
        )
        for part in audience.parts
    )


def predicate(audience: Audience, now: datetime, *, few: bool = False) -> Predicate:
    """Whether a subscriber is in an audience: see subscribers.segments.Predicate.

    Args:
        now: the moment from which days and issues are counted back.
        few: it is asked of one or a few people.
    Raises:
        BadAudience: a rule names something that is there no more, or cannot be read any more.
    """
    asked = [_asked(number, part, now, few) for number, part in enumerate(audience.parts)]
    into, out = (
        [each.sql for each, part in zip(asked, audience.parts, strict=True) if part.out is is_out]
        for is_out in (False, True)
    )
    # Whoever a rule says nothing of, which none should, gets nothing.
    sql = f"({' OR '.join(into) or 'true'}) AND NOT ({' OR '.join(out) or 'false'})"
    return Predicate(sql, {name: value for each in asked for name, value in each.params.items()})


def _asked(number: int, part: Part, now: datetime, few: bool) -> Predicate:
    source = part.source
    if isinstance(source, Segment):  # with the rule as it was, whatever the segment's is now
        source = Segment(pk=source.pk, slug=source.slug, name=source.name, rule=part.rule)
    try:
        return predicate_of(source, prefix=f"audience{number}_", now=now, few=few)
    except SegmentError as error:
        raise BadAudience(
            f"The audience cannot be told: the segment {source.slug}: {error}. Mend the segment and name the "
            "audience anew, with --segment and --not-segment, or --everybody. Nobody gets anything before."
        ) from error


def _part(slug: str, out: bool) -> Part:
    found = _find(slug)
    try:
        says = sentence(parse(found.rule))
    except SegmentError as error:
        raise BadAudience(f"The segment {slug} cannot be read: {error}. Mend it first.") from error
    if isinstance(found, Snapshot):
        says += f", as of {found.taken_at.day} {found.taken_at:%B %Y}"
    return Part(found, out, found.rule, says)


def _find(slug: str) -> Segment | Snapshot:
    """Raises BadAudience where there is none of that name, or where both a segment and a snapshot have it."""
    found = [kind.objects.filter(slug=slug).first() for kind in (Segment, Snapshot)]
    match [each for each in found if each]:
        case [Segment() | Snapshot() as one]:
            return one
        case []:
            slugs = [
                *Segment.objects.values_list("slug", flat=True),
                *Snapshot.objects.values_list("slug", flat=True),
            ]
            near = get_close_matches(slug, slugs, n=SHOWN, cutoff=0.4) or slugs[:SHOWN]
            there_are = f"There are, among others: {', '.join(near)}." if near else "There are none yet."
            raise BadAudience(f"There is no segment {slug!r}. {there_are}")
    raise BadAudience(
        f"A segment and a snapshot are both called {slug}. Take another snapshot, of another name."
    )


def _source(row: SendSegment) -> Segment | Snapshot:
    source = row.segment or row.snapshot
    assert source is not None, "the database sees to it"  # noqa: S101
    return source


def _ordered(parts: Iterable[Part]) -> Audience:
    return Audience(tuple(sorted(parts, key=lambda part: part.key)))
