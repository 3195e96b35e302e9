"""What SendGrid reported, what it was counted to, and what somebody has to be told of."""

from mailer.tracking.models.alerts import Alert, AlertKind
from mailer.tracking.models.clicks import Click
from mailer.tracking.models.events import Event, EventsKept, Post, RefusedItem
from mailer.tracking.models.figures import NewsletterFigures, SendFigures

__all__ = [
    "Alert",
    "AlertKind",
    "Click",
    "Event",
    "EventsKept",
    "NewsletterFigures",
    "Post",
    "RefusedItem",
    "SendFigures",
]
