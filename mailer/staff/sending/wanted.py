"""How somebody wants an issue to go out: read from the fields of the page, and written into them."""

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from mailer.delivery.arrange import Arrangement, arrangement_of, newest
from mailer.delivery.audience import Audience, read_audience
from mailer.delivery.models import Send
from mailer.delivery.schedule import BadSchedule, Schedule, read_schedule
from mailer.delivery.variants import ABTest, BadTest
from mailer.issues.models import Issue
from mailer.staff.numbers import number

_WRITTEN = "%Y-%m-%dT%H:%M"
"""As a browser's field for date and time writes it."""


def arranged_now(issue: Issue) -> Arrangement:
    """How an issue is arranged now: as its newest send that was not started; else to everybody, or to those who have
    not got it."""
    send = newest(issue)
    if send is None:
        return Arrangement()
    if send.started_at is None:
        return arrangement_of(send)
    return Arrangement(arrangement_of(send).audience, again=True)


def read_wanted(issue: Issue, given: QueryDict) -> Arrangement:
    """What the fields say.

    Raises:
        BadAudience, BadSchedule, BadTest: it cannot be so; the message says why.
    """
    again = given.get("again") == "1"
    return Arrangement(
        read_audience(*([slug.replace("\0", "") for slug in given.getlist(name)] for name in ("in", "out"))),
        _schedule(issue, given),
        None if again else _test(issue, given),
        again,
    )


def _schedule(issue: Issue, given: QueryDict) -> Schedule:
    when, typed = given.get("when"), given.get("at", "").replace("T", " ")
    if when not in ("at", "local"):
        return Schedule()
    if not typed:
        raise BadSchedule("Choose the day and the time that it goes out.")
    if when == "at":
        return read_schedule(typed, None, given.get("zone") or issue.newsletter.time_zone)
    return read_schedule(None, typed, issue.newsletter.time_zone)


def _test(issue: Issue, given: QueryDict) -> ABTest | None:
    if given.get("ab") != "1":
        return None
    pairs = zip(given.getlist("subject"), given.getlist("preheader"), strict=False)
    tried = tuple((subject.strip(), preheader.strip()) for subject, preheader in pairs)
    own = (issue.subject, issue.preheader)
    metric = given.get("metric", Send.Metric.CLICKS.value)
    test = ABTest(
        tuple((subject, preheader) for subject, preheader in tried if subject or preheader),
        _number(given, "share", 20),
        metric if metric in Send.Metric.values else Send.Metric.CLICKS.value,
        _number(given, "minutes", 240),
    )
    test.check(own)
    # With what it takes from the issue written out, as a send keeps it.
    return ABTest(tuple(test.variants(own)[1:]), test.share, test.metric, test.minutes)


def _number(given: QueryDict, name: str, otherwise: int) -> int:
    typed = given.get(name, "").strip()
    if not typed:
        return otherwise
    found = number(typed)
    if found is None:
        raise BadTest(f"“{typed}” is no whole number. Write the {name} of the A/B test in digits.")
    return found


@dataclass(frozen=True)
class Field:
    """A field of the page, and what stands in it."""

    name: str
    value: str


def fields_of(wanted: Arrangement, zone: str) -> list[Field]:
    """The fields that say so: read_wanted of them gives the same again.

    Args:
        zone: the time zone that one moment is written in.
    """
    shown = shown_of(wanted, zone)
    fields = [Field("in", slug) for slug in shown["in"]] + [Field("out", slug) for slug in shown["out"]]
    fields += [Field(name, str(shown[name])) for name in ("when", "at", "zone") if shown[name]]
    if wanted.again:
        fields.append(Field("again", "1"))
    if wanted.test:
        fields.append(Field("ab", "1"))
        fields += [Field(name, str(shown[name])) for name in ("share", "metric", "minutes")]
        for subject, preheader in wanted.test.tried:
            fields += [Field("subject", subject), Field("preheader", preheader)]
    return fields


def shown_of(wanted: Arrangement, zone: str) -> dict[str, Any]:
    """What the page's fields show."""
    schedule, test = wanted.schedule, wanted.test
    return {
        "in": slugs(wanted.audience, out=False),
        "out": slugs(wanted.audience, out=True),
        "when": "at" if schedule.at else "local" if schedule.local else "now",
        "at": _moment(schedule),
        "zone": str(schedule.at.tzinfo) if schedule.at else zone,
        "ab": test is not None,
        "tried": test.tried if test else (),
        "share": test.share if test else 20,
        "metric": test.metric if test else Send.Metric.CLICKS.value,
        "minutes": test.minutes if test else 240,
        "again": wanted.again,
    }


def _moment(schedule: Schedule) -> str:
    at = schedule.at or schedule.local
    return f"{at:{_WRITTEN}}" if at else ""


def slugs(audience: Audience, *, out: bool) -> list[str]:
    """The short names of an audience's segments in or out."""
    return [part.source.slug for part in audience.parts if part.out is out]
