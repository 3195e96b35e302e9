"""Writing a segment as a form gives it: whatever is wrong with it is said at once, each thing at its field."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.utils import timezone

from subscribers.models import Segment
from subscribers.segments.compiling import beyond
from subscribers.segments.errors import SegmentError
from subscribers.segments.faces import Lists
from subscribers.segments.faults import faults_of
from subscribers.segments.in_reports import check_room
from subscribers.segments.reading import UNSTORABLE
from subscribers.segments.rule import parse
from subscribers.segments.saving import LONGEST_NAME, LONGEST_SLUG, one_at_a_time, users_of


@dataclass(frozen=True)
class Wanted:
    """A segment as somebody wants it."""

    name: str
    slug: str
    rule: Any
    in_reports: bool


@dataclass(frozen=True)
class Fault:
    """What is wrong: the field of the segment, where in the rule, what to do, and a code where the rule is wrong."""

    field: str
    place: str
    message: str
    code: str = ""


class Refused(Exception):
    """A segment was not written. `changed` says that somebody else changed it in the meantime."""

    def __init__(self, faults: list[Fault], *, changed: bool = False) -> None:
        self.faults = faults
        self.changed = changed
        super().__init__("; ".join(fault.message for fault in faults))


def write(
    wanted: Wanted, *, segment: int | None = None, base: datetime | None = None, lists: Lists = None
) -> Segment:
    """Make a segment, or change one.

    Args:
        segment: the number of the one to change; None makes a new one.
        base: when the one that somebody started from was changed last; None does not ask.
        lists: the mailing lists that the writer may see, and beyond which the rule may not look; None for all.
    Raises:
        Refused: with all that is wrong.
        Segment.DoesNotExist: there is none of this number any more.
    """
    with one_at_a_time():
        before = Segment.objects.get(pk=segment) if segment else None
        if before and base and before.changed_at != base:
            message = (
                "Somebody else saved this segment since you opened it: reload the page to see their rule"
            )
            raise Refused([Fault("", "", message)], changed=True)
        if faults := _faults(wanted, before, lists):
            raise Refused(faults)
        written = before or Segment()
        written.name, written.slug, written.rule = wanted.name.strip(), wanted.slug, wanted.rule
        written.in_reports, written.changed_at = wanted.in_reports, timezone.now()
        written.save()
        return written


def _faults(wanted: Wanted, before: Segment | None, lists: Lists) -> list[Fault]:
    faults, now = [*_of_names(wanted, before)], timezone.now()
    wrong = faults_of(wanted.rule, slug=wanted.slug, now=now)
    if not wrong and lists is not None:
        wrong = beyond(parse(wanted.rule), lists, now=now)
    faults += [Fault("rule", error.place, error.problem, error.code) for error in wrong]
    if wanted.in_reports:
        try:
            check_room(before.pk if before else None)
        except SegmentError as error:
            faults.append(Fault("in_reports", "", error.problem))
    return faults


def _of_names(wanted: Wanted, before: Segment | None) -> list[Fault]:
    faults = []
    if not wanted.name.strip():
        faults.append(Fault("name", "", "Give it a name"))
    if len(wanted.name) > LONGEST_NAME or UNSTORABLE.search(wanted.name):
        faults.append(Fault("name", "", f"A name is a line of up to {LONGEST_NAME} characters: shorten it"))
    try:
        validate_slug(wanted.slug)
    except ValidationError:
        return [*faults, Fault("slug", "", "A short name is made of letters, digits, - and _")]
    if len(wanted.slug) > LONGEST_SLUG:
        faults.append(Fault("slug", "", f"A short name may be {LONGEST_SLUG} characters long: shorten it"))
    elif Segment.objects.filter(slug=wanted.slug).exclude(pk=before.pk if before else 0).exists():
        faults.append(
            Fault("slug", "", f"There is a segment {wanted.slug} already: choose another short name")
        )
    users = users_of(before.slug) if before and before.slug != wanted.slug else []
    if users:
        named = ", ".join(users)
        faults.append(
            Fault(
                "slug", "", f"The rule of {named} names {before.slug if before else ''}: keep its short name"
            )
        )
    return faults
