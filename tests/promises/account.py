"""A SendGrid in plain Python that knows what it accepted, whatever the sender was told about it."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from mailer.sendgrid.answer import Answer
from mailer.sendgrid.errors import CallFailed

FAILED = ("blocked", "dropped", "bounce")
"""Fates of a message that never came to its reader."""


@dataclass
class Message:
    """What one recipient of an accepted request gets. `age` is how long ago, in the time that the test lets pass."""

    id: str
    address: str
    arguments: Mapping[str, str]
    shown_after: timedelta
    age: timedelta = timedelta()
    fate: str = ""

    @property
    def send(self) -> int:
        return int(self.arguments["mailer_send"])

    @property
    def subscriber(self) -> int:
        return int(self.arguments["mailer_subscriber"])


@dataclass
class Account:
    """Takes requests, reports events and answers the Email Logs API.

    `meanwhile` is done once, in the middle of a look into the logs.
    """

    messages: list[Message] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    is_down: bool = False
    meanwhile: Callable[[], object] | None = None
    _events: int = 0

    def take(self, body: bytes, shown_after: timedelta) -> None:
        """Accept a request.

        Args:
            shown_after: how long the logs do not show it yet.
        """
        request = orjson.loads(body)
        submission = request["custom_args"]["mailer_submission"]
        assert submission not in self.accepted, "one submission makes one request"
        self.accepted.add(submission)
        for number, personalization in enumerate(request["personalizations"]):
            arguments = {**request["custom_args"], **personalization["custom_args"]}
            address = personalization["to"][0]["email"]
            self.messages.append(Message(f"{submission}.{number}", address, arguments, shown_after))

    def pass_time(self, span: timedelta) -> None:
        """Everything that was accepted is older by so much."""
        for message in self.messages:
            message.age += span

    def got(self) -> dict[int, list[Message]]:
        """The messages that came to their reader, or may yet, by subscriber."""
        found: dict[int, list[Message]] = defaultdict(list)
        for message in self.messages:
            if message.fate not in FAILED:
                found[message.subscriber].append(message)
        return found

    def mailed(self, send: int) -> set[int]:
        """The subscribers to whom a message of a send was accepted, whatever became of it."""
        return {message.subscriber for message in self.messages if message.send == send}

    def event(self, message: Message, kind: str, at: datetime) -> dict[str, Any]:
        """Report something of a message: `kind` if that can be after what was reported of it before."""
        if kind in FAILED or kind == "delivered":
            kind = message.fate = message.fate or kind
        elif kind not in ("processed", "deferred"):
            message.fate = message.fate or "delivered"
            kind = message.fate if message.fate in FAILED else kind
        own: dict[str, dict[str, Any]] = {
            "bounce": {"type": "bounce", "bounce_classification": "Invalid Address", "status": "5.1.1"},
            "blocked": {"event": "bounce", "type": "blocked", "bounce_classification": "Content"},
            "dropped": {"reason": "Bounced Address"},
            "click": {"url": "https://www.example.com/ai"},
        }
        self._events += 1
        return {
            "event": kind,
            "email": message.address,
            "timestamp": int(at.timestamp()),
            "sg_event_id": f"{message.id}-{self._events}",
            "sg_message_id": f"{message.id}.recvd",
            **message.arguments,
            **own.get(kind, {}),
        }

    def call(
        self,
        method: str,
        *path: str,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> object:
        """The Email Logs API, as `mailer.sendgrid.client.SendGrid.call` asks it."""
        if self.meanwhile:
            act, self.meanwhile = self.meanwhile, None
            act()
        if self.is_down:
            raise CallFailed("http_503", "SendGrid is down.", 503)
        now = datetime.now(UTC)
        shown = [message for message in self.messages if message.age >= message.shown_after]
        if method == "post":
            assert body is not None
            asked = re.fullmatch(
                r'to_email="(.+)" AND sg_message_id_created_at>=TIMESTAMP "(.+)"', body["query"]
            )
            assert asked, body["query"]
            since = datetime.fromisoformat(asked[2])
            return {
                "messages": [
                    {
                        "sg_message_id": message.id,
                        "to_email": message.address,
                        "status": message.fate or "processed",
                        "sg_message_id_created_at": (now - message.age).isoformat(),
                    }
                    for message in shown
                    if message.address == asked[1] and now - message.age >= since
                ]
            }
        for message in shown:
            if message.id == path[1]:
                return {"custom_args": dict(message.arguments)}
        raise CallFailed("http_404", "There is no such message.", 404)


@dataclass(frozen=True)
class Turn:
    """How a request goes: whether SendGrid accepts it, and what its worker hears; None where it is killed before."""

    accepted: bool
    answer: Answer | None


def _says(status: int, *fields: str | None, **headers: str) -> Answer:
    errors = [{"field": name, "message": "No."} for name in fields]
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, orjson.dumps({"errors": errors}) if errors else b"", "answered")


_TURNS = {
    "accepted": Turn(True, _says(202, x_message_id="m")),
    "accepted without an id": Turn(True, _says(202)),
    "accepted, no answer": Turn(True, Answer(None, {}, b"", "no_answer", "timeout")),
    "accepted, 500": Turn(True, Answer(500, {}, b"<html>", "answered")),
    "accepted, killed": Turn(True, None),
    "not accepted, no answer": Turn(False, Answer(None, {}, b"", "no_answer", "reset")),
    "not accepted, 503": Turn(False, Answer(503, {}, b"<html>", "answered")),
    "killed before the request": Turn(False, None),
    "not connected": Turn(False, Answer(None, {}, b"", "not_connected", "refused")),
    "broken off": Turn(False, Answer(None, {}, b"", "body_incomplete", "reset")),
    "broken off, 500": Turn(False, Answer(500, {}, b"", "body_incomplete", "reset")),
    "broken off, 202": Turn(False, Answer(202, {}, b"", "body_incomplete", "reset")),
    "429": Turn(False, _says(429)),
    "408": Turn(False, _says(408)),
    "400": Turn(False, _says(400, None)),
    "400 naming nobody there": Turn(False, _says(400, "personalizations.999.to")),
    "413": Turn(False, _says(413)),
    "401": Turn(False, _says(401, None)),
}
_NAMING_ONE = "400 naming one"
_NOT_BEFORE = "429 until later"
TURNS = (*_TURNS, _NAMING_ONE, _NOT_BEFORE)


def turn(kind: str, which: int, now: datetime) -> Turn:
    """The turn that a request takes.

    Args:
        which: the recipient that a 400 names, by its place.
    """
    if kind == _NAMING_ONE:
        return Turn(False, _says(400, f"personalizations.{which}.to"))
    if kind == _NOT_BEFORE:
        return Turn(False, _says(429, x_ratelimit_reset=str(int(now.timestamp()) + 90)))
    return _TURNS[kind]
