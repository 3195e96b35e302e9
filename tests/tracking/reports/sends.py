"""Sends with a report: what they share in tests."""

import json
from collections.abc import Sequence
from io import StringIO
from typing import Any

from rich.console import Console

from mailer.delivery.models import Delivery, Send
from mailer.tracking.fold import fold_events
from mailer.tracking.intake import store
from mailer.tracking.reports.count import report
from mailer.tracking.reports.terminal import show
from tests.tracking.ledger import SENT_AT, Ledger, make_people, make_send

HOSTILE = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)> [red]{{ 7|add:7 }}\x1b[31m"


def fold_these(events: Sequence[dict[str, Any]]) -> None:
    store(json.dumps(events).encode())
    while fold_events():
        pass


def in_terminal(send: Send, width: int = 130) -> str:
    console = Console(file=StringIO(), width=width)
    show(console, report(send))
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def followed_send() -> Ledger:
    """Ten people; one hard bounce, one block, one drop, seven deliveries with opens and clicks of some."""
    people = make_people([f"reader{n}@{'gmail.com' if n < 6 else 'example.org'}" for n in range(10)])
    ledger = make_send(people)
    tea, bridge = (link.url for link in ledger.links)
    fold_these(
        [
            ledger.event("bounce", 0, type="bounce", bounce_classification="Invalid Address"),
            ledger.event("bounce", 1, type="blocked", bounce_classification="Reputation"),
            ledger.event("dropped", 2, reason="Spam Content"),
            *(ledger.event("delivered", n) for n in range(3, 10)),
            ledger.event("deferred", 3, 10),
            *(ledger.event("open", n, 4000) for n in (3, 4, 5, 6)),
            ledger.event("open", 3, 90_000),
            *(ledger.event("open", n, 100, sg_machine_open=True) for n in (6, 7)),
            *(ledger.event("click", n, 8000, url=tea) for n in (3, 4)),
            ledger.event("click", 3, 8100, url=bridge),
            ledger.event("spamreport", 8),
            ledger.event("unsubscribe", 9),
        ]
    )
    return ledger


def hostile_send() -> Ledger:
    people = make_people(["a@<b>onload=x.example", 'b@"><svg/onload=alert(1)>', "c@example.org"])
    ledger = make_send(people, headlines=[HOSTILE], urls=["javascript:alert('" + HOSTILE])
    newsletter = ledger.send.issue.newsletter
    newsletter.name = HOSTILE
    newsletter.save()
    ledger.send.issue.subject = HOSTILE
    ledger.send.issue.save()
    Send.objects.update(paused_at=SENT_AT, paused_because=HOSTILE)
    Delivery.objects.filter(subscriber=people[2]).update(rejected_because=HOSTILE)
    fold_these(
        [
            ledger.event("bounce", 0, type="bounce", bounce_classification=HOSTILE),
            ledger.event("dropped", 1, reason=HOSTILE),
            ledger.event("click", 0, url=ledger.links[0].url),
        ]
    )
    return ledger
