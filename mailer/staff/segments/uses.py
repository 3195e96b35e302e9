"""What uses a segment, so that whoever changes or deletes it knows."""

from dataclasses import dataclass
from typing import Any

from mailer.delivery.models import Send
from mailer.staff.access.scope import visible
from subscribers.models import Segment
from subscribers.segments.saving import users_of

MOST_SENDS = 10
"""That are named, the newest."""


@dataclass(frozen=True)
class Uses:
    """What uses a segment.

    Attributes:
        segments: whose rules name it.
        sends: the newest to it that somebody may see.
        more_sends: further ones.
    """

    segments: list[Segment]
    sends: list[Send]
    more_sends: int

    def __bool__(self) -> bool:
        return bool(self.segments or self.sends or self.more_sends)


def uses_of(segment: Segment, user: Any) -> Uses:
    """What uses a segment, as somebody may see it."""
    to_it = Send.objects.filter(audience__segment=segment)
    theirs = visible(user, "delivery.view_send", to_it).select_related("issue__newsletter")
    newest = list(theirs.order_by("-id")[:MOST_SENDS])
    named = list(Segment.objects.filter(slug__in=users_of(segment.slug)))
    return Uses(named, newest, to_it.count() - len(newest))
