"""What an event means, in our own words. Everything in it is from outside and may be missing, garbage or huge.

Names and values of SendGrid's events:
https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from mailer.tracking.blocklists import block_list_of
from mailer.tracking.machines import machine_rule, opened_with

EARLIEST = (
    "deferred_at",
    "delivered_at",
    "bounced_at",
    "blocked_at",
    "dropped_at",
    "opened_at",
    "machine_opened_at",
    "complained_at",
    "unsubscribed_at",
)
"""What can become of a delivery: its columns that hold the earliest time that any event gives."""

FAILURES = ("bounced_at", "blocked_at", "dropped_at")
"""The facts that have a class of their own; the class of the foremost is the one that is kept."""

FACTS = (*EARLIEST, "clicked_at", "machine_clicked_at")
"""All times; those of clicks follow from all clicks of a delivery together (see clicks.py)."""

OF_FAILURES = ("bounce_class", "refusal_status", "block_list")
"""What is kept of the foremost failure beside its time: columns of a delivery."""

OF_OPENS = ("opened_with", "opened_on", "machine_rule")
"""What is kept of the first open by a person, and of the first by a machine."""

LONGEST_ADDRESS = 320
LONGEST_CLASS = 60
LONGEST_DETAIL = 500

_MEANINGS: dict[str, tuple[str | None, str | None]] = {
    "deferred": ("deferred_at", None),
    "delivered": ("delivered_at", None),
    "open": ("opened_at", None),
    "spamreport": ("complained_at", "complaint"),
    "unsubscribe": ("unsubscribed_at", "unsubscribe"),
    "group_unsubscribe": ("unsubscribed_at", None),
}
_NUMBER = re.compile(r"[0-9]{1,18}")
# Class, subject, detail: RFC 3463, section 2.
_STATUS = re.compile(r"(?<![0-9.])[245]\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9]|\.[0-9])")


@dataclass(slots=True)  # not frozen: one is made for every event, and frozen ones take three times as long
class Reading:
    """An event, read.

    `fact` is what it says of a delivery (one of EARLIEST; None for a click) and `failure` its class where that is a
    failure; `status` is the enhanced status (RFC 3463) with which the receiving server refused it, and `block_list` the
    block list that it named as its reason, None where it named none. Of an open or click `machine` is the rule by which
    it is a program's, "" for a person's; of a person's open `opened_with` and `opened_on` are mail program and device.
    `url` and `place` (from 0) are the link of a click.
    `send_id`, `subscriber_id` and `submission_id` are what our custom arguments say, None where they say
    nothing usable; whether there is such a row is for the database to say. `address` is as it came, "" for
    none. `suppression` is the reason for which the address must get nothing from now on.
    """

    kind: str
    at: datetime
    fact: str | None = None
    failure: str | None = None
    status: str | None = None
    block_list: str | None = None
    send_id: int | None = None
    subscriber_id: int | None = None
    submission_id: UUID | None = None
    address: str = ""
    machine: str = ""
    opened_with: str = ""
    opened_on: str = ""
    url: str = ""
    place: int | None = None
    suppression: str | None = None
    detail: str = ""
    leaves: bool = False
    by_address: bool = False
    """Without any id, so that only the address tells which delivery is meant: an asynchronous bounce."""


def read(kind: str, at: datetime, payload: Mapping[str, Any]) -> Reading:
    """Read an event. Never raises: what cannot be understood is left out.

    Args:
        kind: SendGrid's name of it; an unknown one has no fact.
        at: when it happened.
        payload: the event as it came.
    """
    fact, suppression = _meaning(kind, payload)
    machine = machine_rule(kind, payload)
    if machine and fact == "opened_at":
        fact = "machine_opened_at"
    program, device = opened_with(payload) if fact == "opened_at" else ("", "")
    send_id, subscriber_id = number(payload.get("mailer_send")), number(payload.get("mailer_subscriber"))
    address, submission_id = _address(payload.get("email")), _uuid(payload.get("mailer_submission"))
    nameless = send_id is None or subscriber_id is None
    reason = _text(payload.get("reason"))
    refused = fact in ("bounced_at", "blocked_at")
    return Reading(
        kind=kind,
        at=at,
        fact=fact,
        failure=_failure(fact, payload, reason),
        status=_status(payload, reason) if refused else None,
        block_list=block_list_of(reason) if refused else None,
        send_id=None if nameless else send_id,
        subscriber_id=None if nameless else subscriber_id,
        submission_id=submission_id,
        address=address,
        machine=machine,
        opened_with=program,
        opened_on=device,
        url=_text(payload.get("url")) if kind == "click" else "",
        place=_place(payload.get("url_offset")) if kind == "click" else None,
        suppression=suppression,
        detail=reason[:LONGEST_DETAIL] if suppression else "",
        leaves=kind in ("unsubscribe", "group_unsubscribe"),
        by_address=kind == "bounce"
        and nameless
        and submission_id is None
        and bool(address)
        and not payload.get("sg_message_id")
        and not payload.get("mailer_test"),
    )


def _meaning(kind: str, payload: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The fact and the reason to suppress the address, None where there is none."""
    match kind:
        case "bounce" if payload.get("type") == "bounce":
            return "bounced_at", "bounce"
        case "bounce":
            # "blocked", and "expired" of older accounts: the address is good, or nobody says that it is not.
            return "blocked_at", None
        case "dropped":
            invalid = _text(payload.get("reason")).strip().lower() in ("invalid", "invalid address")
            return "dropped_at", "invalid" if invalid else None
    return _MEANINGS.get(kind, (None, None))


def _failure(fact: str | None, payload: Mapping[str, Any], reason: str) -> str | None:
    if fact not in FAILURES:
        return None
    named = reason if fact == "dropped_at" else _text(payload.get("bounce_classification"))
    return named.strip()[:LONGEST_CLASS] or "Unclassified"


def _status(payload: Mapping[str, Any], reason: str) -> str | None:
    """The enhanced status of a refusal: the event's own, or where that says nothing (5.0.0), the one in the reason."""
    given = _text(payload.get("status")).strip()
    own = given if _STATUS.fullmatch(given) else None
    if own is None or own.endswith(".0.0"):
        found = _STATUS.search(reason)
        return found[0] if found else own
    return own


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _address(value: Any) -> str:
    address = _text(value).strip()
    return address if "@" in address and len(address) <= LONGEST_ADDRESS else ""


def number(value: Any) -> int | None:
    """A positive whole number of up to 18 digits, as a custom argument writes it; None for anything else."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = int(value)
    return value if type(value) is int and 0 < value < 10**18 else None


def _place(offset: Any) -> int | None:
    """Which link of the mail's HTML it was, from 0: the first part of url_offset. Its text has a count of its own."""
    index = offset.get("index") if isinstance(offset, Mapping) and offset.get("type") != "text" else None
    return index if type(index) is int and 0 <= index < 1_000 else None


def _uuid(value: Any) -> UUID | None:
    return _parsed(value) if isinstance(value, str) and len(value) <= 64 else None


@lru_cache(maxsize=4096)
def _parsed(text: str) -> UUID | None:
    """A thousand people have the same submission."""
    try:
        return UUID(text)
    except ValueError:
        return None
