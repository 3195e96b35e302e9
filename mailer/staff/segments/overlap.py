"""How two to five segments, snapshots and mailing lists overlap."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from mailer.staff.access.needs import needs
from mailer.staff.access.scope import visible
from mailer.staff.page import page
from mailer.staff.segments.picture import circles
from mailer.staff.segments.seen import SECONDS, seen_by
from subscribers.models import MailingList, Segment, Snapshot
from subscribers.segments import SegmentError, compile_rule, parse
from subscribers.segments.counting import parts
from subscribers.segments.rule import VERSION

FEWEST, MOST = 2, 5
LETTERS = "ABCDE"


@dataclass(frozen=True)
class Chosen:
    """One of those that are compared."""

    key: str
    slug: str
    name: str

    @property
    def value(self) -> str:
        """How the form names it."""
        return f"{self.key}:{self.slug}"

    @property
    def condition(self) -> dict[str, str]:
        return {self.key: self.slug}


@dataclass(frozen=True)
class Piece:
    """The people who are in exactly some of them.

    Attributes:
        inside: for each of them, whether this piece is in it.
        share: of the largest piece, from 0 to 100.
    """

    people: int
    inside: tuple[bool, ...]
    says: str
    url: str
    share: float


@dataclass(frozen=True)
class Compared:
    """What came out, by the pieces: see counting.parts."""

    chosen: list[Chosen]
    found: dict[int, int]

    def shared(self, bits: int) -> int:
        """How many are in all of those whose bits are given, whatever else they are in."""
        return sum(people for each, people in self.found.items() if each & bits == bits)

    @cached_property
    def rows(self) -> list[tuple[Chosen, list[dict[str, Any]]]]:
        """A row for each, with how many it shares with each; with itself that is how many it has."""
        return [
            (each, [self._cell(n, other) for other in range(len(self.chosen))])
            for n, each in enumerate(self.chosen)
        ]

    def _cell(self, n: int, other: int) -> dict[str, Any]:
        people, own = self.shared(1 << n | 1 << other), self.shared(1 << n)
        letters = {"letter": LETTERS[other], "own_letter": LETTERS[n]}
        return {"people": people, "own": own, "itself": n == other, **letters}

    @property
    def in_all(self) -> int:
        return self.shared((1 << len(self.chosen)) - 1)

    @property
    def in_any(self) -> int:
        return sum(self.found.values())

    @cached_property
    def pieces(self) -> list[Piece]:
        """The pieces that hold anybody, the largest first."""
        most = max(self.found.values(), default=0)
        return [
            Piece(people, self._inside(bits), self._says(bits), self._url(bits), 100 * people / most)
            for bits, people in sorted(self.found.items(), key=lambda each: (-each[1], each[0]))
        ]

    def _inside(self, bits: int) -> tuple[bool, ...]:
        return tuple(bool(bits >> n & 1) for n in range(len(self.chosen)))

    def _apart(self, bits: int) -> tuple[list[Chosen], list[Chosen]]:
        """Those that a piece is in, and the others."""
        sides = list(zip(self.chosen, self._inside(bits), strict=True))
        return [each for each, is_in in sides if is_in], [each for each, is_in in sides if not is_in]

    def _says(self, bits: int) -> str:
        into, out = self._apart(bits)
        named = " and ".join(each.name for each in into)
        if not out:
            return f"In all: {named}"
        return f"Only in {named}" if len(into) == 1 else f"In {named}, in no other"

    def _url(self, bits: int) -> str:
        """The builder with the rule of a piece."""
        into, out = self._apart(bits)
        conditions: list[Any] = [each.condition for each in into]
        if out:
            conditions.append({"none": [each.condition for each in out]})
        asked = {"rule": json.dumps({"version": VERSION, "all": conditions}), "name": self._says(bits)[:200]}
        return f"{reverse('staff:segment-new')}?{urlencode(asked)}"


@require_GET
@needs("subscribers.view_segment")
def page_of(request: HttpRequest) -> HttpResponse:
    """Choose, by ?of=segment:asia&of=list:weekly, and see how many are in which."""
    offered = _offered(request)
    known = {each.value: each for group in offered.values() for each in group}
    wanted = [value for value in dict.fromkeys(request.GET.getlist("of")) if value]
    shown: dict[str, Any] = {"offered": offered, "slots": _slots(wanted), "most": MOST}
    if not all(value in known for value in wanted):
        shown["wrong"] = "One of them is not there any more: choose again."
    elif len(wanted) > MOST:
        shown["wrong"] = f"Up to {MOST} can be compared at once: take some out."
    elif len(wanted) == 1:
        shown["wrong"] = "Choose at least two different ones."
    elif wanted:
        try:
            shown |= _shown(_compare(request, [known[value] for value in wanted]))
        except SegmentError as error:
            shown["wrong"] = f"They were not counted: {error}."
    return page(
        request,
        "staff/segments/overlap.html",
        "Overlap of segments",
        everybody=seen_by(request.user).lists is None,
        may_add=request.user.has_perm("subscribers.add_segment"),
        **shown,
    )


def _offered(request: HttpRequest) -> dict[str, list[Chosen]]:
    """What may be chosen, by the heading under which it stands."""
    lists = visible(request.user, "subscribers.view_mailinglist", MailingList.objects.all())
    return {
        "Segments": [Chosen("segment", each.slug, each.name) for each in Segment.objects.all()],
        "Mailing lists": [Chosen("list", each.slug, f"{each.name} (list)") for each in lists],
        "Snapshots": [Chosen("snapshot", each.slug, each.slug) for each in Snapshot.objects.all()],
    }


def _slots(wanted: list[str]) -> list[str]:
    return [*wanted[:MOST], *[""] * (MOST - len(wanted))]


def _compare(request: HttpRequest, chosen: list[Chosen]) -> Compared:
    now, lists = timezone.now(), seen_by(request.user).lists
    predicates = [
        compile_rule(parse({"version": VERSION, **each.condition}), prefix=f"of{n}_", now=now, lists=lists)
        for n, each in enumerate(chosen)
    ]
    return Compared(chosen, parts(predicates, lists=lists, seconds=SECONDS))


def _shown(compared: Compared) -> dict[str, Any]:
    picture = None
    if len(compared.chosen) == FEWEST and compared.in_any:
        picture = circles(compared.shared(1), compared.shared(2), compared.shared(3))
    return {"compared": compared, "circles": picture, "columns": list(_letters(compared.chosen))}


def _letters(chosen: list[Chosen]) -> Iterator[tuple[str, Chosen]]:
    """A letter for each, for columns that are too narrow for its name."""
    yield from zip(LETTERS, chosen, strict=False)
