"""Which feeds are due, and which of several workers looks at one."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    FloatField,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast, Greatest, Least, Power

from mailer.issues.models import Feed

_LONGEST_WAIT = 24 * 60.0
"""Minutes between two looks at a feed that fails."""
_DOUBLINGS = 10


def due(now: datetime) -> QuerySet[Any]:
    """The feeds that are to be looked at, the longest waiting first.

    The time between two looks doubles with each failure in a row, up to a day, or the feed's own time where that is longer.
    """
    return (
        with_next_look(Feed.objects.filter(enabled=True))
        .filter(Q(looked_at=None) | Q(next_look__lte=now))
        .order_by(F("looked_at").asc(nulls_first=True))
    )


def with_next_look(feeds: QuerySet[Feed]) -> QuerySet[Any]:
    """Feeds with `next_look`: when each is due again, None for one that was never looked at."""
    minute = Value(timedelta(minutes=1))
    doubled = Cast(F("every"), FloatField()) * Power(Value(2.0), Least(F("failures"), Value(_DOUBLINGS)))
    minutes = Least(doubled, Greatest(Cast(F("every"), FloatField()), Value(_LONGEST_WAIT)))
    wait = ExpressionWrapper(minutes * minute, output_field=DurationField())
    return feeds.annotate(next_look=ExpressionWrapper(F("looked_at") + wait, output_field=DateTimeField()))


def claim(feed: Feed, now: datetime) -> bool:
    """Take a look upon oneself; False where somebody else did since the feed was read."""
    taken = Feed.objects.filter(pk=feed.pk, looked_at=feed.looked_at).update(looked_at=now)
    feed.looked_at = now
    return bool(taken)
