"""What is known of how a person took their mail: issues with opens and clicks, and SendGrid's events as they came."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.db.models import Q
from django.db.models.fields.json import KT
from django.db.models.functions import Lower

from mailer.delivery.person import issues_of, stop_letters
from mailer.tracking.machines import WORDS
from mailer.tracking.models import Click, Event
from mailer.tracking.scrub import scrub_events
from mailer.tracking.wording import for_nobody
from subscribers.models import Subscriber
from subscribers.person.sections import Fact, Moment, Section, register


def register_sections() -> None:
    """Register what mailer holds on a person with the store."""
    register(
        Section(
            "issues",
            "Issues",
            issues_with_clicks,
            stop_letters,
            shown=("at", "newsletter", "issue", "standing", "because", "happened"),
            moments=moments_of_issues,
        )
    )
    register(Section("events", "Events", events_of, scrub_events, shown=("at", "kind")))


def issues_with_clicks(subscriber: Subscriber) -> list[Fact]:
    """Every issue with what happened to it, each clicked link among it; oldest first. What a program did says by which
    rule it is one."""
    clicks: dict[int, list[dict[str, Any]]] = defaultdict(list)
    rows = Click.objects.filter(subscriber=subscriber).order_by("at")
    for send_id, at, url, headline, rule in rows.values_list(
        "link__send_id", "at", "link__url", "link__story__headline", "rule"
    ):
        what, why = ("clicked by a machine", {"rule": rule}) if rule else ("clicked", {})
        clicks[send_id].append(
            {"what": what, "at": at, "link": url, "story": headline and for_nobody(headline), **why}
        )
    issues = issues_of(subscriber)
    for issue in issues:
        issue["subject"] = for_nobody(issue["subject"])
        happened = [_in_words(event) for event in (*issue["happened"], *clicks[issue["send"]])]
        issue["happened"] = sorted(happened, key=lambda event: event["at"])
    return issues


def moments_of_issues(issues: list[Fact]) -> Iterator[Moment]:
    """What issues tell the timeline: that each was sent, waits or was left out, and why; and all that happened with it."""
    for issue in issues:
        about = f"{issue['newsletter']} {issue['issue']}"
        standing = str(_STANDINGS.get(issue["standing"], issue["standing"]))
        parts = (issue["subject"], issue["because"])
        yield Moment(issue["at"], standing, about, " · ".join(filter(None, parts)))
        for event in issue["happened"]:
            told = (event.get(name) for name in ("story", "link", "class", "status", "with", "on"))
            more = " · ".join(filter(None, told))
            yield Moment(event["at"], event["what"], about, more, event.get("rule", ""))


_STANDINGS = {"accepted": "sent", "unknown": "sent, outcome unknown"}
"""What the standing of an issue is called where it is told as something that happened."""


def _in_words(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "rule": WORDS.get(event["rule"], event["rule"])} if "rule" in event else event


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
