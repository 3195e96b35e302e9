"""A send as its plan leaves it, gone out without SendGrid, and clicks of its readers."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import orjson

from mailer.delivery.models import Batch, Delivery, Send
from mailer.delivery.plan import plan
from mailer.delivery.start import send_of
from mailer.issues.models import Issue
from mailer.tracking.fold import fold_events
from mailer.tracking.intake import store

SENT_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
_numbers = count(1)


@dataclass(frozen=True)
class Click:
    """Somebody clicks: the address as SendGrid reports it, the place of the link in their mail (None: not told), and how
    long after the mail came."""

    subscriber_id: int
    url: str
    place: int | None = None
    after: int = 3_600
    kind: str = "html"


def sent(issue: Issue) -> Send:
    """Plan a send of an issue to its list; everybody has got it."""
    send = send_of(issue)
    plan(send)
    batches = list(Batch.objects.filter(send=send))
    for batch in batches:
        batch.state, batch.submission_id = "accepted", f"00000000-0000-4000-8000-{batch.pk:012d}"
        batch.save(update_fields=["state", "submission_id"])
    Delivery.objects.bulk_create(
        Delivery(send=send, subscriber_id=number, batch=batch, delivered_at=SENT_AT)
        for batch in batches
        for number in batch.subscriber_ids
    )
    return send


def event(send: Send, click: Click) -> dict[str, Any]:
    """The event of a click, as SendGrid posts it."""
    offset = {} if click.place is None else {"url_offset": {"index": click.place, "type": click.kind}}
    return {
        "event": "click",
        "email": "reader@example.org",
        "timestamp": int((SENT_AT + timedelta(seconds=click.after)).timestamp()),
        "sg_event_id": f"click-{next(_numbers)}",
        "sg_message_id": "message.0",
        "mailer_send": str(send.pk),
        "mailer_subscriber": str(click.subscriber_id),
        "url": click.url,
        **offset,
    }


def fold_clicks(send: Send, *clicks: Click) -> None:
    """Take in clicks and fold them."""
    store(orjson.dumps([event(send, click) for click in clicks]))
    while fold_events():
        pass
