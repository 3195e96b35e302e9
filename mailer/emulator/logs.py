"""The Email Logs API: POST /v3/logs and GET /v3/logs/{sg_message_id}.

Its query language is what SendGrid documents: conditions joined by AND, no nesting.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import ge, gt, le, lt
from typing import Any

import orjson

from mailer.emulator.accepted import AcceptedRequest, RequestStore
from mailer.emulator.happenings import Happenings
from mailer.emulator.messages import Message
from mailer.emulator.wire import Request, Response, error_response, json_response

OPERATORS = {
    "sg_message_id": {"="},
    "subject": {"="},
    "to_email": {"="},
    "reason": {"="},
    "status": {"IN"},
    "categories": {"IN"},
    "sg_message_id_created_at": {">", "<", ">=", "<="},
}
STATUSES = frozenset({"processed", "delivered", "deferred", "dropped", "bounced", "blocked"})
COMPARE: dict[str, Callable[[float, float], bool]] = {">": gt, "<": lt, ">=": ge, "<=": le}
CONDITIONS = 160
MESSAGES = 1000
EVENTS = 100

_STRING = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_CONDITION = re.compile(
    rf"\s*([a-z_]+)\s*(>=|<=|=|>|<|\bIN\b)\s*"
    rf"(?:(TIMESTAMP)\s+({_STRING})|({_STRING})|\(\s*({_STRING}(?:\s*,\s*{_STRING})*)\s*\))\s*"
)
_AND = re.compile(r"AND(?=\s)")


class QueryError(Exception):
    """A query SendGrid would refuse."""


@dataclass(frozen=True)
class Condition:
    """`field` `operator` `values`; the moment of a created_at condition is `moment`, in unix seconds."""

    field: str
    operator: str
    values: tuple[str, ...]
    moment: float = 0.0


def parse_query(query: str) -> list[Condition]:
    """The conditions of a query, none for an empty one. Raises QueryError that says where it breaks."""
    conditions: list[Condition] = []
    place = 0
    while place < len(query) and query[place:].strip():
        if conditions:
            joint = _AND.match(query, place)
            if not joint:
                raise QueryError(f"expected AND at character {place + 1}")
            place = joint.end()
        match = _CONDITION.match(query, place)
        if not match:
            raise QueryError(f"no valid condition at character {place + 1}")
        conditions.append(_condition(match))
        place = match.end()
    if len(conditions) > CONDITIONS:
        raise QueryError(f"more than {CONDITIONS} conditions")
    return conditions


def _condition(match: re.Match[str]) -> Condition:
    field, operator, timestamp, moment, single, several = match.groups()
    if operator not in OPERATORS.get(field, set()):
        raise QueryError(f"{field} {operator} is not allowed")
    if field == "sg_message_id_created_at":
        if not timestamp:
            raise QueryError('a time is written TIMESTAMP "2025-01-01T00:00:00Z"')
        try:
            parsed = datetime.fromisoformat(_unquoted(moment))
        except ValueError as error:
            raise QueryError(f"{moment} is not an ISO 8601 time") from error
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=UTC)
        return Condition(field, operator, (), parsed.timestamp())
    if timestamp or (operator == "IN") != (several is not None):
        raise QueryError(f"{field} {operator} is followed by the wrong kind of value")
    values = tuple(_unquoted(text) for text in re.findall(_STRING, several or single))
    if field == "status" and not STATUSES.issuperset(values):
        raise QueryError(f"status is one of {', '.join(sorted(STATUSES))}")
    return Condition(field, operator, values)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def status_of(events: list[dict[str, Any]]) -> tuple[str, str]:
    """The status and the reason that a message's events sum up to."""
    status, reason = "processed", ""
    for event in events:
        kind = event["event"]
        if kind == "dropped":
            status, reason = "dropped", event["reason"]
        elif kind == "deferred":
            status, reason = "deferred", event["response"]
        elif kind == "bounce":
            status = "blocked" if event["type"] == "blocked" else "bounced"
            reason = event["reason"]
        elif kind == "delivered":
            status, reason = "delivered", event["response"]
    return status, reason


class EmailLogs:
    """Answers questions about accepted messages. `delay` seconds pass before one can be found."""

    def __init__(self, requests: RequestStore, happenings: Happenings, delay: float) -> None:
        self._requests = requests
        self._happenings = happenings
        self.delay = delay

    def search(self, request: Request) -> Response:
        """POST /v3/logs: newest first, at most `limit` (10 unless told, up to 1,000)."""
        try:
            body = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            return error_response(400, "Bad Request")
        query = body.get("query", "") if isinstance(body, dict) else None
        limit = body.get("limit", 10) if isinstance(body, dict) else None
        if not isinstance(query, str):
            return error_response(400, "query must be a string", "query")
        if type(limit) is not int or not 1 <= limit <= MESSAGES:
            return error_response(400, f"limit must be between 1 and {MESSAGES}", "limit")
        try:
            conditions = parse_query(query)
        except QueryError as error:
            return error_response(400, f"invalid query: {error}", "query")
        found = []
        for message, accepted in self._candidates(conditions):
            events = self._happenings.events(message, accepted)
            status, reason = status_of(events)
            if not _holds(conditions, {"subject": message.subject, "status": status, "reason": reason}):
                continue
            created = datetime.fromtimestamp(accepted.at, UTC).isoformat(timespec="seconds")
            found.append(
                {
                    "from_email": message.sender["email"],
                    "sg_message_id": message.sg_message_id,
                    "subject": message.subject,
                    "to_email": message.email,
                    "reason": reason,
                    "status": status,
                    "sg_message_id_created_at": created.replace("+00:00", "Z"),
                }
            )
            if len(found) == limit:
                break
        return json_response({"messages": found})

    def _candidates(self, conditions: list[Condition]) -> Iterator[tuple[Message, AcceptedRequest]]:
        """Messages that fit what can be told without working out their events."""
        visible = time.time() - self.delay
        addresses = {c.values[0].lower() for c in conditions if c.field == "to_email"}
        ids = {c.values[0] for c in conditions if c.field == "sg_message_id"}
        categories = [set(c.values) for c in conditions if c.field == "categories"]
        times = [c for c in conditions if c.field == "sg_message_id_created_at"]
        for accepted in reversed(self._requests.all()):
            if accepted.at > visible or not all(COMPARE[c.operator](accepted.at, c.moment) for c in times):
                continue
            if any(value.partition(".")[0] != accepted.request_id for value in ids):
                continue
            found = accepted.addresses
            if not addresses.issubset(found):
                continue
            mailing = self._requests.mailing(accepted)
            if any(wanted.isdisjoint(mailing.body.get("categories") or ()) for wanted in categories):
                continue
            for index, address in enumerate(found):
                if all(wanted == address for wanted in addresses):
                    message = mailing.message(index)
                    if all(wanted == message.sg_message_id for wanted in ids):
                        yield message, accepted

    def show(self, sg_message_id: str) -> Response:
        """GET /v3/logs/{sg_message_id}: one message with its events and custom arguments, or 404."""
        accepted = self._requests.by_id(sg_message_id.partition(".")[0])
        message = None
        if accepted is not None and accepted.at <= time.time() - self.delay:
            place = re.search(r"-([0-9A-F]{1,4})\.0$", sg_message_id)
            if place and int(place.group(1), 16) < accepted.count:
                message = self._requests.mailing(accepted).message(int(place.group(1), 16))
        if accepted is None or message is None or message.sg_message_id != sg_message_id:
            return error_response(404, "message not found", "sg_message_id")
        events = self._happenings.events(message, accepted)
        custom_args = message.custom_args
        shown: dict[str, Any] = {
            "from_email": message.sender["email"],
            "sg_message_id": message.sg_message_id,
            "subject": message.subject,
            "to_email": message.email,
            "status": status_of(events)[0],
            "api_key_id": "emulator",
            "client_ip": "127.0.0.1",
            "category": message.categories,
            "custom_args": custom_args,
            # Here, unlike in the webhook, custom arguments are not merged into the event.
            "events": [{**event, "custom_args": custom_args} for event in events[-EVENTS:]],
        }
        if message.asm_group_id is not None:
            shown["asm_group_id"] = message.asm_group_id
        return json_response(shown)


def _holds(conditions: list[Condition], values: dict[str, str]) -> bool:
    return all(
        values[condition.field] in condition.values for condition in conditions if condition.field in values
    )
