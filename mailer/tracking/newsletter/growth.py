"""Growth: who came to the list and who went, by week and month.

The record of consent is what it is counted from. Somebody gets the newsletter from the record that puts them on the
list until the first one that takes them off, or until their address is suppressed, whatever is first: so each coming
and going counts once, and the sizes of the past follow from the list as it is now. What is recorded of an address after
it was suppressed changes nothing, because it gets nothing; and what an import did that was undone never was.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.backends.utils import CursorWrapper

from mailer.issues.models import Newsletter
from mailer.tracking.newsletter.figures import Growth, Period
from subscribers.models.suppressions import GRAVEST_FIRST

# 1 puts on the list, 0 takes off, null does neither. Sign-ups by form note the network, those by the link in a mail hold
# at once. An import that puts somebody on the list otherwise than active notes how they stand.
_GROWTH = """
WITH undone AS (
    SELECT DISTINCT subscriber_id, detail -> 'undone_import' AS import FROM subscribers_consent
    WHERE mailing_list_id = %(list)s AND action = 'changed' AND detail ? 'undone_import'
), record AS (
    SELECT subscriber_id, at, id, action, source, CASE
            WHEN action IN ('left', 'erased') THEN 0
            WHEN action = 'confirmed' THEN 1
            WHEN action = 'imported' AND coalesce(detail ->> 'status', '') <> ALL(%(off)s) THEN 1
            WHEN action = 'signed_up' AND NOT detail ? 'network' THEN 1
        END AS effect
    FROM subscribers_consent consent
    WHERE mailing_list_id = %(list)s AND action <> 'changed' AND NOT EXISTS (
        SELECT FROM undone WHERE undone.subscriber_id = consent.subscriber_id AND undone.import = consent.detail -> 'import'
    )
), suppressed AS (
    SELECT DISTINCT ON (subscriber.id) subscriber.id AS subscriber_id, suppression.created_at AS at, suppression.reason
    FROM subscribers_suppression suppression
    JOIN subscribers_subscriber subscriber ON lower(subscriber.email) = suppression.address
    ORDER BY subscriber.id, suppression.created_at, array_position(%(gravest)s, suppression.reason::text)
), told AS (
    SELECT record.subscriber_id, record.at, id, action, effect, source
    FROM record LEFT JOIN suppressed ON suppressed.subscriber_id = record.subscriber_id
    WHERE effect IS NOT NULL AND (suppressed.at IS NULL OR record.at <= suppressed.at)
    UNION ALL
    SELECT subscriber_id, at, 9223372036854775807, reason, 0, '' FROM suppressed
), seen AS (
    SELECT at, action, effect, lag(effect, 1, 0) OVER one AS before,
        action = 'left' AND lead(action) OVER one = 'erased' AND lead(source) OVER one = left(source, 200) AS erases
    FROM told WINDOW one AS (PARTITION BY subscriber_id ORDER BY at, id)
), turned AS (
    SELECT CASE WHEN erases THEN 'erased' ELSE action END AS action, at FROM seen WHERE effect <> before
    UNION ALL
    SELECT 'form', at FROM record WHERE action = 'signed_up' AND effect IS NULL
), dated AS (
    SELECT action, date_trunc('week', at AT TIME ZONE %(zone)s)::date AS week,
        date_trunc('month', at AT TIME ZONE %(zone)s)::date AS month
    FROM turned
)
SELECT week IS NOT NULL, coalesce(week, month), action, count(*)
FROM dated GROUP BY GROUPING SETS ((week, action), (month, action))
"""

_COLUMNS = {
    "form": "signed_up",
    "confirmed": "confirmed",
    "imported": "imported",
    "signed_up": "by_link",
    "left": "left",
    "erased": "erased",
}
OFF = ("pending", "unsubscribed", "manual", "invalid", "bounce", "complaint")
"""What an import notes of those whom it does not put on the list as active (see importing/status.py)."""


def growth(cursor: CursorWrapper, newsletter: Newsletter, zone: str, size: int, now: datetime) -> Growth:
    """The weeks and months of a newsletter's list.

    Args:
        zone: whose weeks and months they are.
        size: who gets the newsletter now.
    """
    values: dict[str, Any] = {"list": newsletter.mailing_list_id, "zone": zone, "off": list(OFF)}
    cursor.execute(_GROWTH, {**values, "gravest": [str(reason) for reason in GRAVEST_FIRST]})
    weeks: dict[date, dict[str, Any]] = {}
    months: dict[date, dict[str, Any]] = {}
    for weekly, start, action, people in cursor.fetchall():
        period = (weeks if weekly else months).setdefault(start, {})
        if action in _COLUMNS:
            period[_COLUMNS[action]] = people
        else:
            period.setdefault("suppressed", {})[action] = people
    today = now.astimezone(ZoneInfo(zone)).date()
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    return Growth(
        _sized((Period(each, **weeks.get(each, {})) for each in _all_weeks(weeks, monday)), size),
        _sized((Period(each, **months.get(each, {})) for each in _all_months(months, first)), size),
    )


def _all_weeks(found: Iterable[date], last: date) -> list[date]:
    first = min([*found, last])
    last = max([*found, last])  # a clock of theirs may be ahead of ours
    return [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]


def _all_months(found: Iterable[date], last: date) -> list[date]:
    first, last = min([*found, last]), max([*found, last])
    count = (last.year - first.year) * 12 + last.month - first.month
    return [
        date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1)
        for n in range(count + 1)
    ]


def _sized(periods: Iterable[Period], size: int) -> tuple[Period, ...]:
    """Each with the size at its end, counted back from the last."""
    sized = []
    for period in reversed(list(periods)):
        sized.append(replace(period, size=size))
        size -= period.net
    return tuple(reversed(sized))
