"""The events SendGrid would report about one message."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

from mailer.emulator.agents import APPLE_PREFETCH, GMAIL_PREFETCH, NAMED_SCANNER, SCANNER, reader_of
from mailer.emulator.messages import Message
from mailer.emulator.suppressions import Suppression
from mailer.emulator.world import Click, Fate

HARD_BOUNCES = (
    ("550 5.1.1 The email account that you tried to reach does not exist.", "5.1.1", "Invalid Address"),
    ("550 5.1.10 Recipient not found by SMTP address lookup.", "5.1.10", "Invalid Address"),
    ("552 5.2.1 The mailbox is disabled and does not accept messages.", "5.2.1", "Mailbox Unavailable"),
    ("550 5.4.1 Recipient address rejected: access denied.", "5.4.1", "Invalid Address"),
)
BLOCKS = (
    ("554 5.7.1 Service unavailable; the sending address is listed.", "5.7.1", "Reputation"),
    ("550 5.7.1 Message content rejected.", "5.7.1", "Content"),
    ("452 4.2.2 The mailbox is over its quota.", "4.2.2", "Mailbox Unavailable"),
    ("421 4.7.0 Too many messages from this sender.", "4.7.0", "Frequency or Volume Too High"),
    ("451 4.3.0 Temporary system problem.", "4.3.0", "Technical Failure"),
)
DROPS = ("Spam Content", "Recipient List over Package Quota")
# What the mail server reports carries the mail's Message-ID; what a browser did does not.
MAIL_EVENTS = frozenset({"processed", "deferred", "delivered", "bounce", "dropped"})
# RFC 5737: an address for documentation, never anybody's.
MACHINE_IP = "192.0.2.200"


def events_of(message: Message, fate: Fate, suppression: Suppression | None) -> Iterator[dict[str, Any]]:
    """The events of a message in the order they happen, `timestamp` in unix seconds, custom arguments left out.

    With a `suppression` of the address the message is dropped and nothing else happens.
    """
    stamp = _Stamp(message, fate.variety)
    if suppression is not None:
        yield stamp("dropped", 0, reason=suppression.drop_reason, status="5.0.0")
        return
    if fate.outcome == "drop":
        yield stamp("dropped", 0, reason=stamp.pick(DROPS), status="5.0.0")
        return
    if fate.outcome == "invalid":
        yield stamp("dropped", 0, reason="Invalid", status="5.0.0")
        return
    yield stamp("processed", 0, send_at=int(message.send_at))
    for attempt, after in enumerate(fate.deferrals, start=1):
        answer = "450 4.2.1 The mailbox is receiving mail too fast; try again later."
        yield stamp("deferred", after, response=answer, attempt=str(attempt), ip=stamp.sender_ip, tls=1)
    if fate.outcome in {"hard_bounce", "block"}:
        reason, status, kind = stamp.pick(HARD_BOUNCES if fate.outcome == "hard_bounce" else BLOCKS)
        yield stamp(
            "bounce",
            fate.settled_after,
            type="bounce" if fate.outcome == "hard_bounce" else "blocked",
            reason=reason,
            status=status,
            bounce_classification=kind,
            ip=stamp.sender_ip,
            tls=1,
        )
        return
    yield stamp("delivered", fate.settled_after, response="250 2.0.0 OK", ip=stamp.sender_ip, tls=1)
    yield from _engagement(message, fate, stamp)


def flattened(event: dict[str, Any], custom_args: dict[str, str]) -> dict[str, Any]:
    """An event as the webhook gets it: custom arguments beside SendGrid's own fields, which win."""
    return {**custom_args, **event}


def _engagement(message: Message, fate: Fate, stamp: "_Stamp") -> Iterator[dict[str, Any]]:
    reader = reader_of(fate.variety)
    links = message.links
    scanner = NAMED_SCANNER if fate.named else SCANNER
    for click in fate.scans:
        yield _click(stamp, click, links[click.link], scanner, MACHINE_IP)
    if message.html is not None and message.mailing.tracks("open_tracking"):
        for open_ in fate.opens:
            if open_.unmarked:
                yield stamp("open", open_.after, useragent=GMAIL_PREFETCH, ip=MACHINE_IP)
            elif open_.machine:
                yield stamp(
                    "open", open_.after, useragent=APPLE_PREFETCH, ip=MACHINE_IP, sg_machine_open=True
                )
            else:
                yield stamp("open", open_.after, useragent=reader.opens, ip=stamp.reader_ip)
    for click in fate.clicks:
        yield _click(stamp, click, links[click.link], reader.clicks, stamp.reader_ip)
    if fate.complaint_after is not None:
        yield stamp("spamreport", fate.complaint_after)
    if fate.unsubscribe_after is not None:
        if message.asm_group_id is None:
            yield stamp("unsubscribe", fate.unsubscribe_after)
        else:
            yield stamp(
                "group_unsubscribe",
                fate.unsubscribe_after,
                asm_group_id=message.asm_group_id,
                useragent=reader.clicks,
                ip=stamp.reader_ip,
            )


def _click(stamp: "_Stamp", click: Click, url: str, useragent: str, ip: str) -> dict[str, Any]:
    place = {"index": click.link, "type": "html"}
    return stamp("click", click.after, url=url, url_offset=place, useragent=useragent, ip=ip)


class _Stamp:
    """Writes the fields that every event of a message has."""

    def __init__(self, message: Message, variety: float) -> None:
        self._message = message
        self._variety = variety
        self._count = 0
        self._start = message.send_at
        self._smtp_id = f"<{message.mailing.request_id}.{message.index}@emulator.localhost>"
        # RFC 5737 addresses: for documentation, never anybody's.
        self.sender_ip = "198.51.100.25"
        self.reader_ip = f"203.0.113.{1 + int(variety * 253)}"
        common: dict[str, Any] = {
            "email": message.email,
            "sg_message_id": message.sg_message_id,
        }
        if message.categories:
            common["category"] = message.categories[0] if len(message.categories) == 1 else message.categories
        if message.asm_group_id is not None:
            common["asm_group_id"] = message.asm_group_id
        self._common = common

    def pick(self, choices: tuple[Any, ...]) -> Any:
        """One of `choices`, always the same for this message."""
        return choices[int(self._variety * len(choices)) % len(choices)]

    def __call__(self, event: str, after: float, **own: Any) -> dict[str, Any]:
        """One event `after` seconds."""
        seed = f"{self._message.sg_message_id}\n{self._count}\n{event}".encode()
        self._count += 1
        digest = hashlib.blake2b(seed, digest_size=16).digest()
        return {
            **self._common,
            "event": event,
            "timestamp": int(self._start + after),
            "sg_event_id": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            **({"smtp-id": self._smtp_id} if event in MAIL_EVENTS else {}),
            **own,
        }
