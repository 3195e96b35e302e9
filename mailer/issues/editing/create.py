"""A new issue: empty, or with what stays the same from the last one."""

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from mailer.issues.editing.rows import document_of, write_document
from mailer.issues.editing.versions import keep
from mailer.issues.models import Issue, Newsletter

LOOKED_AT = 9
"""Issues back that tell on which day of the week the next one comes."""
_WEEK = 7
_LONGEST = 100
"""Days between two issues that may be a rhythm: a quarter of a year. What is longer was a break."""


@transaction.atomic
def new_issue(newsletter: Newsletter, by: Any, *, like_last: bool) -> Issue:
    """Write the next issue of a newsletter, without stories.

    Two who ask at once get two issues with different numbers.

    Args:
        like_last: with what the last issue says every time: see `pattern`; its outro and call to action.
    """
    issue, lately = _next(newsletter, by)
    begun_from = lately[0] if like_last and lately else None
    if begun_from is not None:
        issue.intro = pattern(begun_from.intro, lately[1].intro if len(lately) > 1 else begun_from.intro)
        for name in ("outro", "call_to_action_label", "call_to_action_link"):
            setattr(issue, name, getattr(begun_from, name))
    issue.save(force_insert=True)
    keep(issue, document_of(issue), by, why=f"Begun from {begun_from}" if begun_from else "Begun")
    return issue


@transaction.atomic
def copy_issue(issue: Issue, by: Any) -> Issue:
    """A copy of an issue with all of its stories, as the next one of its newsletter."""
    copy, _ = _next(issue.newsletter, by)
    copy.save(force_insert=True)
    document = document_of(issue)
    stories = tuple(replace(story, id=f"new-{story.id}") for story in document.stories)
    document = replace(document, number=copy.number, date=copy.date, stories=stories)
    write_document(copy, document, document_of(copy), (), by)
    copy.save()
    keep(copy, document_of(copy), by, why=f"Copied from {issue}")
    return copy


def _next(newsletter: Newsletter, by: Any) -> tuple[Issue, list[Issue]]:
    """The next issue, not saved; and the last ones, the newest first. Who asks for another waits meanwhile."""
    Newsletter.objects.select_for_update(no_key=True).get(pk=newsletter.pk)
    now = timezone.now()
    # A welcome issue has no place among those that come out week by week.
    ordinary = newsletter.issues.exclude(pk=newsletter.welcome_issue_id or 0).order_by("-date", "-number")
    lately = list(ordinary[:LOOKED_AT])
    highest = newsletter.issues.aggregate(highest=Max("number"))["highest"] or 0
    issue = Issue(
        newsletter=newsletter,
        number=highest + 1,
        date=next_date(
            [issue.date for issue in lately], now.astimezone(ZoneInfo(newsletter.time_zone)).date()
        ),
        edited_at=now,
        edited_by=by,
    )
    return issue, lately


def pattern(intro: str, before: str) -> str:
    """What an intro says every time: the paragraphs that it shares with the one before it.

    Args:
        intro, before: Markdown of the last issue and of the one before it.
    """
    said_before = {paragraph.strip() for paragraph in before.split("\n\n")}
    return "\n\n".join(
        paragraph.strip() for paragraph in intro.split("\n\n") if paragraph.strip() in said_before
    ).strip()


def next_date(dates: Sequence[datetime.date], today: datetime.date) -> datetime.date:
    """The day on which the next issue comes.

    It comes as long after the last as is usual, on the usual day of the week, and never on a day that is over.

    Args:
        dates: of the last issues, the newest first.
    """
    days = sorted(set(dates))
    if not days:
        return today
    gaps = Counter(
        between for earlier, later in pairwise(days) if (between := (later - earlier).days) <= _LONGEST
    )
    gap = max(gaps, key=lambda days_between: (gaps[days_between], -days_between)) if gaps else _WEEK
    weekdays = Counter(day.weekday() for day in days)
    day = days[-1] + datetime.timedelta(gap)
    if gap < _WEEK:  # several a week: on the days of the week that it comes on
        while day < today or day.weekday() not in weekdays:
            day += datetime.timedelta(1)
        return day
    usual = max(weekdays, key=lambda weekday: weekdays[weekday])
    day += datetime.timedelta((usual - day.weekday() + 3) % _WEEK - 3)
    while day < today:
        day += datetime.timedelta(_WEEK)
    return day
