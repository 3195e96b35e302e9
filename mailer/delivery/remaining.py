"""How fast a send goes and how long it still takes, said only where it can be known."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from mailer.delivery.forecast.parts import parts_of_plan, until
from mailer.delivery.models import Send
from mailer.delivery.progress import SOON, Progress, dues, waits_for_winner

LATELY = 60
"""Seconds over which the rate is taken."""


@dataclass(frozen=True)
class Rate:
    """People a second, over the last minute, or since the send began to move if that is less; 0 where nothing went.

    `least` and `most` are those of its two halves: how much it varies.
    """

    people: float
    least: float
    most: float


@dataclass(frozen=True)
class Remaining:
    """What is left of a send.

    Args:
        says: how long it takes, or what it waits for, in words; "" where nothing is left.
        over: nothing will change any more, but by evidence of what is unknown.
    """

    rate: Rate
    says: str
    over: bool


def remaining(send: Send, now: Progress, moving: bool) -> Remaining:
    """How fast a send goes, and what is left of it.

    Args:
        now: its progress of this moment, and `moving` whether anything of it moves: see progress.progress_and_moving.
    """
    rate = rate_of(send) if moving else Rate(0, 0, 0)
    over = send.started_at is not None and now.waiting == 0 and not send.rolling
    return Remaining(rate, "" if over else _says(send, now, rate, moving), over)


def rate_of(send: Send) -> Rate:
    """How many people a second SendGrid accepted lately."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT extract(epoch FROM statement_timestamp() - min(submission.started_at)),
                coalesce(sum(batch.size), 0),
                coalesce(sum(batch.size) FILTER (
                    WHERE finished_at > statement_timestamp() - make_interval(secs => %(half)s)
                ), 0)
            FROM delivery_batch batch JOIN delivery_submission submission ON submission.id = batch.submission_id
            WHERE batch.send_id = %(send)s AND batch.state = 'accepted'
                AND submission.finished_at > statement_timestamp() - make_interval(secs => %(lately)s)
            """,
            {"send": send.pk, "half": LATELY / 2, "lately": LATELY},
        )
        since, people, newer = cursor.fetchone()
    if not people:
        return Rate(0, 0, 0)
    seconds = min(max(float(since), 1.0), LATELY)
    whole = people / seconds
    half = LATELY / 2
    if seconds <= half:  # too short to be parted
        return Rate(whole, whole, whole)
    halves = sorted((newer / half, (people - newer) / (seconds - half)))
    return Rate(whole, *halves)


def _says(send: Send, now: Progress, rate: Rate, moving: bool) -> str:
    if send.cancelled_at:
        return "It is cancelled; requests under way end." if now.in_flight else ""
    if send.started_at is None:
        return "It is not started."
    if send.rolling:
        return "It welcomes whoever confirms, and has no end."
    if send.paused_at:
        return "It is paused, so nobody can tell how long it takes."
    first, last, people = dues(send)
    waits = waits_for_winner(send)
    then = " The others wait for the winner of the A/B test." if waits else ""
    if not moving:
        if waits and not people:
            return f"It waits for the winner of the A/B test, {send.test_minutes:,} minutes after its last request."
        if first and first > timezone.now():
            return f"It waits until {_at(first)}{_until(first, last)}.{then}"
        return f"It is due, and waits for a worker.{then}"
    if last and (last - timezone.now()).total_seconds() > SOON:
        return f"The last are due {_at(last)}: it takes as long at least.{then}"
    ceilings = _by_ceilings(send)
    if ceilings:
        return f"Under the newsletter’s ceilings the last go about {_at(ceilings)}.{then}"
    if not rate.people and send.started_at < timezone.now() - timedelta(seconds=LATELY):
        return f"Nothing of it went out in the last minute: does a worker run, and what does the pace allow?{then}"
    return f"{_span(people or now.waiting, rate)}{then}"


def _by_ceilings(send: Send) -> datetime | None:
    newsletter = send.issue.newsletter
    with connection.cursor() as cursor:
        end = until(newsletter, parts_of_plan(cursor, send))
    return end and timezone.localtime(end, ZoneInfo(newsletter.time_zone))


def _span(people: int, rate: Rate) -> str:
    if rate.least <= 0:
        return "Too little went out yet to tell how long it takes."
    short, long = people / rate.most, people / rate.least
    if long < 10:
        return "A few seconds are left."
    low, high = _rounded(short), _rounded(long)
    return f"About {_words(high)} left." if low == high else f"{_words(low, high)} left."


def _rounded(seconds: float) -> int:
    """As exact as it can be meant: tens of seconds, minutes, or five minutes."""
    step = 10 if seconds < 90 else 60 if seconds < 1800 else 300
    return max(step, ceil(seconds / step) * step)


def _words(low: int, high: int = 0) -> str:
    longest = max(low, high)
    unit, name = (1, "second") if longest < 90 else (60, "minute") if longest < 7200 else (3600, "hour")
    numbers = [f"{each / unit:.0f}" if unit < 3600 else f"{each / unit:.1f}" for each in (low, high) if each]
    plural = "" if numbers[-1] in ("1", "1.0") else "s"
    return f"{' to '.join(dict.fromkeys(numbers))} {name}{plural}"


def _until(first: datetime, last: datetime | None) -> str:
    return f", the last until {_at(last)}" if last and last != first else ""


def _at(moment: datetime) -> str:
    return f"{moment:%d %b %Y, %H:%M %Z}"
