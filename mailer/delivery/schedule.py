"""When a send goes out: at once, at one moment, or at each recipient's local time."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone

from mailer.delivery.errors import DeliveryError
from mailer.delivery.models import Send
from mailer.delivery.zones import zone_of

WRITTEN = "2026-11-30 08:00"
AT_ONCE = "at once"
FARTHEST = 20
"""Years. What is meant for later is a slip of the year."""


class BadSchedule(DeliveryError):
    """The time is none, over, or too far away."""

    code = "bad_schedule"


@dataclass(frozen=True)
class Schedule:
    """At most one of the two; neither means at once.

    `at` is one moment for everybody, with its time zone. `local` has none: it comes at another moment in each zone.
    """

    at: datetime | None = None
    local: datetime | None = None

    def __str__(self) -> str:
        if self.at:
            return f"at {self.at:%d %b %Y %H:%M %Z}"
        return f"at {self.local:%d %b %Y %H:%M} of each recipient's own time" if self.local else AT_ONCE


def moment(local: datetime, zone: tzinfo) -> datetime:
    """The moment at which the clocks of a zone show a time.

    A time that the clocks leave out when summer time begins (a gap) counts from before the change, so it comes as
    much later as they jump: 02:30 is 03:30. A time that they show twice when it ends (an overlap) is the first of
    the two. (PEP 495, with fold=0.)
    """
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def read_schedule(at: str | None, local: str | None, zone: str) -> Schedule:
    """The schedule that somebody typed.

    Args:
        at, local: date and time such as WRITTEN, or None; not both.
        zone: the time zone that `at` is in, an IANA name.
    Raises:
        BadSchedule: it cannot be read, both are given, it is over, or more than FARTHEST away.
    """
    if at is not None and local is not None:
        raise BadSchedule("Say one of the two: one moment for everybody, or each recipient's local time.")
    if local is not None:
        return Schedule(local=_future(_read(local), ZoneInfo("Etc/GMT+12"), "nowhere in the world to come"))
    if at is None:
        return Schedule()
    try:
        named = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadSchedule(f"{zone!r} is not the name of a time zone. Write it as Asia/Singapore.") from error
    return Schedule(at=moment(_future(_read(at), named, f"over in {zone}"), named).astimezone(named))


def schedule_of(send: Send) -> Schedule:
    """What a send was made for; the moment in the newsletter's time zone."""
    if send.local_date and send.local_time:
        return Schedule(local=datetime.combine(send.local_date, send.local_time))
    zone = ZoneInfo(send.issue.newsletter.time_zone)
    return Schedule(at=send.scheduled_at and send.scheduled_at.astimezone(zone))


def due(send: Send, time_zone: str, country: str) -> datetime | None:
    """When somebody of this zone and country gets a send; None for at once."""
    schedule = schedule_of(send)
    if schedule.local is None:
        return schedule.at
    return moment(schedule.local, zone_of(time_zone, country, send.issue.newsletter.time_zone))


def _read(written: str) -> datetime:
    try:
        found = datetime.fromisoformat(written.strip())
    except ValueError as error:
        raise BadSchedule(f"{written!r} is not a date and time. Write it as {WRITTEN!r}.") from error
    if len(written.strip()) <= len("2026-11-30"):  # it would be read as midnight
        raise BadSchedule(f"{written!r} has no time of day. Write it as {WRITTEN!r}.")
    if found.tzinfo is not None:
        raise BadSchedule(f"{written!r}: leave the offset out, and name the zone: --zone Asia/Singapore.")
    return found.replace(second=0, microsecond=0)


def _future(local: datetime, zone: tzinfo, what: str) -> datetime:
    """`local`, unless it is over in the zone where it comes last, or too far away."""
    now = timezone.now()
    # The first and the last years of the calendar have no room for some zones.
    years = local.year - now.year
    coming = moment(local, zone) if abs(years) <= FARTHEST else local.replace(tzinfo=UTC)
    written = local.isoformat(" ", "minutes")
    if coming <= now:
        raise BadSchedule(f"{written} is {what}. To send at once, name no time.")
    if years > FARTHEST:
        raise BadSchedule(f"{written} is more than {FARTHEST} years away. Look at the year.")
    return local
