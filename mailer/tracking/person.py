"""What is known of how a person took their mail: issues with opens and clicks, and SendGrid's events as they came."""

from collections import defaultdict
from typing import Any

from django.db.models import Q
from django.db.models.fields.json import KT
from django.db.models.functions import Lower

from mailer.delivery.person import issues_of, stop_letters
from mailer.tracking.models import Click, Event
from mailer.tracking.scrub import scrub_events
from mailer.tracking.wording import for_nobody
from subscribers.models import Subscriber
from subscribers.person.sections import Fact, Section, register


def register_sections() -> None:
    """Register what mailer holds on a person with the store."""
    register(
        Section(
            "issues",
            "Issues",
            issues_with_clicks,
            stop_letters,
            shown=("at", "newsletter", "issue", "standing", "because", "happened"),
        )
    )
    register(Section("events", "Events", events_of, scrub_events, shown=("at", "kind")))


def issues_with_clicks(subscriber: Subscriber) -> list[Fact]:
    """Every issue with what happened to it, each clicked link among it; oldest first."""
    clicks: dict[int, list[dict[str, Any]]] = defaultdict(list)
    rows = Click.objects.filter(subscriber=subscriber).order_by("at")
    for send_id, at, url, headline in rows.values_list(
        "link__send_id", "at", "link__url", "link__story__headline"
    ):
        clicks[send_id].append({"what": "clicked", "at": at, "link": url, "story": headline})
    issues = issues_of(subscriber)
    for issue in issues:
        issue["subject"] = for_nobody(issue["subject"])
        happened = [*issue["happened"], *clicks[issue["send"]]]
        issue["happened"] = sorted(happened, key=lambda event: event["at"])
    return issues


def events_of(subscriber: Subscriber) -> list[Fact]:
    """SendGrid's events about a person, as they came; oldest first."""
    by_number = Q(subscriber_id=subscriber.pk)
    by_address = Q(address=subscriber.email.lower(), subscriber_id=None)
    events = Event.objects.alias(address=Lower(KT("payload__email")))
    found = [*events.filter(by_number), *events.filter(by_address)]
    return [
        {"at": event.at, "kind": event.kind, "received_at": event.received_at, "payload": event.payload}
        for event in sorted(found, key=lambda event: (event.at, event.pk))
    ]
