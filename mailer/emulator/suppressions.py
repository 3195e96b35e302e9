"""The addresses SendGrid would not send to, and its lists of them."""

import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from mailer.emulator.wire import Request, Response, error_response, json_response

KINDS = ("bounces", "blocks", "invalid_emails", "spam_reports", "unsubscribes")
_DROP_REASONS = {
    "bounces": "Bounced Address",
    "invalid_emails": "Invalid",
    "spam_reports": "Spam Reporting Address",
    "unsubscribes": "Unsubscribed Address",
}
PAGE = 500


@dataclass(frozen=True)
class Suppression:
    """One entry of one list. `created` in unix seconds; requests from number `from_request` on are dropped."""

    kind: str
    email: str
    created: int
    from_request: int
    reason: str = ""
    status: str = ""
    ip: str = ""

    @property
    def drop_reason(self) -> str:
        """What a `dropped` event gives as reason. Blocks are listed, but do not suppress."""
        return _DROP_REASONS.get(self.kind, "")


class Suppressions:
    """SendGrid's lists. With a folder they are kept between starts. Safe to use from many threads."""

    def __init__(self, folder: Path | None) -> None:
        self._lock = threading.Lock()
        self._lists: dict[str, dict[str, Suppression]] = {kind: {} for kind in KINDS}
        self._path = None if folder is None else folder / "suppressions.log"
        if self._path is not None and self._path.exists():
            for line in self._path.read_bytes().splitlines():
                try:
                    read = orjson.loads(line)
                    if "removed" in read:
                        self._lists[read["kind"]].pop(read["removed"], None)
                        continue
                    entry = Suppression(**read)
                except (orjson.JSONDecodeError, TypeError):
                    continue  # cut off by a crash
                self._lists[entry.kind].setdefault(entry.email.lower(), entry)

    def add(self, entries: list[Suppression]) -> None:
        """Add entries; an address that stands in the list already keeps its first entry."""
        with self._lock:
            new = [
                entry
                for entry in entries
                if self._lists[entry.kind].setdefault(entry.email.lower(), entry) is entry
            ]
            self._keep([asdict(entry) for entry in new])

    def remove(self, kind: str, emails: list[str] | None) -> int:
        """Take addresses off a list, or all of them with None; what is accepted from now on goes out to them.

        Returns how many stood in it.
        """
        with self._lock:
            entries = self._lists[kind]
            gone = [key for key in (entries if emails is None else map(str.lower, emails)) if key in entries]
            for key in gone:
                entries.pop(key, None)
            self._keep([{"kind": kind, "removed": key} for key in gone])
            return len(gone)

    def _keep(self, lines: list[dict[str, Any]]) -> None:
        if lines and self._path is not None:
            with self._path.open("ab") as file:
                file.write(b"".join(orjson.dumps(line) + b"\n" for line in lines))

    def against(self, address: str, request_number: int) -> Suppression | None:
        """Why a message of request `request_number` to this address is dropped, or None."""
        key = address.lower()
        for kind in _DROP_REASONS:
            entry = self._lists[kind].get(key)
            if entry is not None and entry.from_request <= request_number:
                return entry
        return None

    def entry(self, kind: str, email: str) -> Suppression | None:
        """The entry of an address in one list."""
        return self._lists[kind].get(email.lower())

    def entries(self, kind: str) -> list[Suppression]:
        """One list, newest first."""
        with self._lock:
            return sorted(self._lists[kind].values(), key=lambda entry: entry.created, reverse=True)

    def counts(self) -> dict[str, int]:
        """How many addresses each list holds."""
        return {kind: len(entries) for kind, entries in self._lists.items()}

    def clear(self) -> None:
        """Empty every list, on disk too."""
        with self._lock:
            for entries in self._lists.values():
                entries.clear()
            if self._path is not None:
                self._path.unlink(missing_ok=True)


def list_page(suppressions: Suppressions, request: Request, kind: str) -> Response:
    """GET /v3/suppression/{kind} with start_time and end_time (unix seconds, inclusive), limit, offset."""
    numbers = {}
    for name, standard in (("start_time", 0), ("end_time", 2**63), ("limit", PAGE), ("offset", 0)):
        text = request.query.get(name, str(standard))
        if not text.isascii() or not text.isdigit():
            return error_response(400, f"{name} must be a whole number", name)
        numbers[name] = int(text)
    if not 1 <= numbers["limit"] <= PAGE:
        return error_response(400, f"limit must be between 1 and {PAGE}", "limit")
    chosen = [
        entry
        for entry in suppressions.entries(kind)
        if numbers["start_time"] <= entry.created <= numbers["end_time"]
    ]
    page = chosen[numbers["offset"] : numbers["offset"] + numbers["limit"]]
    return json_response([_as_listed(entry) for entry in page])


def _as_listed(entry: Suppression) -> dict[str, Any]:
    shown: dict[str, Any] = {"created": entry.created, "email": entry.email}
    if entry.kind in {"bounces", "blocks"}:
        shown |= {"reason": entry.reason, "status": entry.status}
    elif entry.kind == "invalid_emails":
        shown |= {"reason": entry.reason}
    elif entry.kind == "spam_reports":
        shown |= {"ip": entry.ip}
    return shown


def show_entry(suppressions: Suppressions, kind: str, email: str) -> Response:
    """GET /v3/suppression/{kind}/{email}: the entry in an array, which is empty where there is none."""
    entry = suppressions.entry(kind, email)
    return json_response([_as_listed(entry)] if entry else [])


def remove_entry(suppressions: Suppressions, kind: str, email: str) -> Response:
    """DELETE /v3/suppression/{kind}/{email}, or /v3/asm/suppressions/global/{email}."""
    if suppressions.remove(kind, [email]):
        return Response(204)
    return error_response(404, "resource not found")


def remove_entries(suppressions: Suppressions, request: Request, kind: str) -> Response:
    """DELETE /v3/suppression/{kind} with `{"emails": […]}` or `{"delete_all": true}`, never both."""
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return error_response(400, "Bad Request")
    emails = body.get("emails") if isinstance(body, Mapping) else None
    everything = isinstance(body, Mapping) and body.get("delete_all") is True
    named = isinstance(emails, list) and bool(emails) and all(isinstance(email, str) for email in emails)
    if everything == named:
        return error_response(400, "either delete_all or emails must be given")
    suppressions.remove(kind, None if everything else emails)
    return Response(204)


def add_global(suppressions: Suppressions, request: Request, next_request: int) -> Response:
    """POST /v3/asm/suppressions/global: `{"recipient_emails": […]}`; what is accepted from now on is dropped."""
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return error_response(400, "Bad Request")
    emails = body.get("recipient_emails") if isinstance(body, Mapping) else None
    if not isinstance(emails, list) or not emails or not all(isinstance(email, str) for email in emails):
        return error_response(
            400, "recipient_emails must be an array of at least one address", "recipient_emails"
        )
    created = int(time.time())
    suppressions.add([Suppression("unsubscribes", email, created, next_request) for email in emails])
    return json_response({"recipient_emails": emails}, 201)


def show_global(suppressions: Suppressions, email: str) -> Response:
    """GET /v3/asm/suppressions/global/{email}: the address where it is suppressed, else an empty object."""
    held = suppressions.entry("unsubscribes", email) is not None
    return json_response({"recipient_email": email} if held else {})
