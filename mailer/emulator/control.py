"""The control API under /control: JSON, for tests, benchmarks and the demo."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import orjson

from mailer.emulator.config import EmulatorError, EventDelivery
from mailer.emulator.emulator import Emulator
from mailer.emulator.faults import read_fault
from mailer.emulator.messages import Message
from mailer.emulator.suppressions import KINDS, Suppression
from mailer.emulator.wire import Request, Response, json_response

HEADER = "x-emulator-control"
PAGE = 1000
DEFAULT_ARGUMENT = "submission"


def answer(emulator: Emulator, request: Request) -> Response:
    """Answers a request under /control.

    What changes anything needs the header `X-Emulator-Control: 1`, which no web page of another origin can
    send without asking first.
    """
    if request.method != "GET" and request.headers.get(HEADER) != "1":
        return _refusal(
            403, "header_missing", "Send the header X-Emulator-Control: 1 with what changes anything."
        )
    try:
        return _route(emulator, request)
    except EmulatorError as error:
        return _refusal(400, error.code, str(error))


def _refusal(status: int, code: str, message: str) -> Response:
    return json_response({"error": {"code": code, "message": message}}, status)


def _route(emulator: Emulator, request: Request) -> Response:
    method, path = request.method, request.path.rstrip("/")
    section, _, name = path.rpartition("/")
    if path == "/control/summary" and method == "GET":
        return json_response(summary(emulator, request.query.get("arg", DEFAULT_ARGUMENT)))
    if path == "/control/messages" and method == "GET":
        return json_response(_messages(emulator, request.query))
    if path == "/control/faults":
        if method == "GET":
            return json_response({"faults": emulator.faults.list()})
        if method == "POST":
            return json_response({"id": emulator.faults.add(read_fault(_object(request)))}, 201)
        if method == "DELETE":
            emulator.faults.clear()
            return json_response({"faults": []})
    if section == "/control/faults" and method == "DELETE":
        found = name.isdigit() and emulator.faults.clear(int(name))
        return json_response({"faults": emulator.faults.list()}) if found else _refusal(404, "no_fault", name)
    if path == "/control/reset" and method == "POST":
        emulator.reset()
        return json_response({"reset": True})
    if path == "/control/world":
        if method == "POST":
            _change_world(emulator, _object(request))
        if method in {"GET", "POST"}:
            return json_response(_world(emulator))
    if path == "/control/webhook":
        if method == "POST":
            _change_webhook(emulator, _object(request))
        if method in {"GET", "POST"}:
            shown = {"url": emulator.poster.url, "public_key": emulator.public_key}
            return json_response(shown | asdict(emulator.poster.delivery))
    if path == "/control/account":
        if method == "POST":
            emulator.account.change(_object(request))
        if method in {"GET", "POST"}:
            return json_response(emulator.account.told)
    if path == "/control/events" and method == "POST":
        return _emit(emulator, request)
    if path == "/control/suppressions" and method == "POST":
        return _suppress(emulator, _object(request))
    if path == "/control/events/pending" and method == "GET":
        return json_response(pending(emulator))
    return _refusal(404, "not_found", f"There is no {method} {request.path} in the control API.")


def _object(request: Request) -> dict[str, Any]:
    try:
        value = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError as error:
        raise EmulatorError("bad_json", f"The body is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise EmulatorError("bad_json", "The body must be a JSON object.")
    return value


def summary(emulator: Emulator, argument: str) -> dict[str, Any]:
    """The counts.

    `answers` counts answers to requests for mail by status (or hang, reset_before, reset_after). `duplicates`
    counts the messages beyond the first with the same address and the same value of the custom argument
    `argument`; `repeated_addresses` those with the same address alone.
    """
    addresses: set[str] = set()
    pairs: set[tuple[str, str]] = set()
    messages = 0
    for accepted in emulator.requests.all():
        values = emulator.requests.arguments(accepted, argument)
        found = accepted.addresses
        addresses.update(found)
        pairs.update(zip(found, values, strict=True))
        messages += len(found)
    return {
        "answers": emulator.answers,
        "requests": len(emulator.requests),
        "messages": messages,
        "unique_addresses": len(addresses),
        "repeated_addresses": messages - len(addresses),
        "argument": argument,
        "duplicates": messages - len(pairs),
        "suppressions": emulator.suppressions.counts(),
        "faults": emulator.faults.active,
        "events": pending(emulator),
    }


def pending(emulator: Emulator) -> dict[str, Any]:
    """What the webhook has still to get. `idle` is True once every event of every request was taken."""
    waiting = emulator.happenings.waiting
    events = emulator.poster.pending()
    running = emulator.happenings.world.enabled
    return {
        **events,
        "requests_waiting": waiting,
        "idle": events["pending"] == 0 and (waiting == 0 or not running),
    }


def _messages(emulator: Emulator, query: Mapping[str, str]) -> dict[str, Any]:
    """A page of messages, oldest first; with `full=1` their contents too."""
    offset, limit = _number(query, "offset", 0), _number(query, "limit", 100)
    if limit > PAGE:
        raise EmulatorError("bad_number", f"limit is at most {PAGE}.")
    total = emulator.requests.messages
    full = query.get("full") == "1"
    chosen = range(offset, min(offset + limit, total))
    return {
        "total": total,
        "offset": offset,
        "messages": [_shown(emulator.requests.message_at(position), full) for position in chosen],
    }


def _number(query: Mapping[str, str], name: str, standard: int) -> int:
    text = query.get(name, str(standard))
    if not (text.isascii() and text.isdigit()):
        raise EmulatorError("bad_number", f"{name} is a whole number.")
    return int(text)


def _shown(message: Message, full: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "request_id": message.mailing.request_id,
        "sg_message_id": message.sg_message_id,
        "received_at": message.mailing.received_at,
        "to": message.email,
        "name": message.recipient.person.get("name", ""),
        "role": message.recipient.role,
        "from": message.sender["email"],
        "subject": message.subject,
        "custom_args": message.custom_args,
        "headers": message.headers,
        "categories": message.categories,
    }
    if full:
        shown |= {"text": message.text, "html": message.html, "links": message.links}
    return shown


def _world(emulator: Emulator) -> dict[str, Any]:
    return {**asdict(emulator.happenings.world), "paused": emulator.poster.paused}


def _change_world(emulator: Emulator, changes: dict[str, Any]) -> None:
    """`paused` holds events back; every other name is a field of EmulatorWorld."""
    paused = changes.pop("paused", emulator.poster.paused)
    if not isinstance(paused, bool):
        raise EmulatorError("wrong_type", "paused is true or false.")
    emulator.happenings.change(emulator.happenings.world.changed(changes))
    emulator.poster.pause(paused)


def _change_webhook(emulator: Emulator, changes: dict[str, Any]) -> None:
    """`url` is where events go, null for nowhere; every other name is a field of EventDelivery."""
    url = changes.pop("url", emulator.poster.url)
    if url is not None and not (isinstance(url, str) and url.startswith(("http://", "https://"))):
        raise EmulatorError("bad_url", "url is an http(s) address or null.")
    emulator.poster.change(url, changed_delivery(emulator.poster.delivery, changes))


def changed_delivery(delivery: EventDelivery, changes: Mapping[str, Any]) -> EventDelivery:
    """`delivery` with `changes` by field name. Raises EmulatorError for an unknown name or a wrong value."""
    known = asdict(delivery)
    for name, value in changes.items():
        if name not in known or name == "connections":
            raise EmulatorError("unknown_setting", f"The webhook has no {name!r} that can be changed.")
        whole = type(known[name]) is not float
        if type(value) is not type(known[name]) and (whole or type(value) is not int):
            raise EmulatorError("wrong_type", f"The webhook's {name!r} cannot be {value!r}.")
        if type(value) is not bool and value < (1 if name == "batch_size" else 0):
            raise EmulatorError("bad_number", f"The webhook's {name!r} is too small.")
    return replace(delivery, **changes)


def _emit(emulator: Emulator, request: Request) -> Response:
    """Post the given events, as they are, signed."""
    try:
        events = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise EmulatorError("bad_json", f"The body is not JSON: {error}.") from error
    if not isinstance(events, list) or not events:
        raise EmulatorError("bad_json", "The body must be a JSON array of events.")
    if emulator.poster.url is None:
        raise EmulatorError("no_webhook", 'There is no webhook: POST {"url": …} to /control/webhook first.')
    emulator.poster.emit([orjson.dumps(event) for event in events])
    return json_response({"queued": len(events)}, 202)


def _suppress(emulator: Emulator, order: dict[str, Any]) -> Response:
    """Put `entries` on SendGrid's lists: kind, email, created (unix seconds), and reason and status where one likes."""
    entries = order.get("entries")
    if not isinstance(entries, list):
        raise EmulatorError("bad_json", "entries must be a list of objects.")
    added = [_entry(emulator, entry) for entry in entries]
    emulator.suppressions.add(added)
    return json_response({"suppressions": emulator.suppressions.counts()}, 201)


def _entry(emulator: Emulator, given: object) -> Suppression:
    values = given if isinstance(given, dict) else {}
    kind, email, created = values.get("kind"), values.get("email"), values.get("created")
    if kind not in KINDS or not isinstance(email, str) or type(created) is not int:
        raise EmulatorError(
            "bad_entry", f"An entry has a kind ({', '.join(KINDS)}), an email and created, in unix seconds."
        )
    said = {name: str(values.get(name, "")) for name in ("reason", "status", "ip")}
    return Suppression(kind, email, created, len(emulator.requests), **said)
