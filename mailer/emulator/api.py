"""SendGrid's side of the emulator: which path asks for what, with which scope."""

import time
from collections.abc import Callable
from urllib.parse import unquote

from mailer.emulator.emulator import Emulator
from mailer.emulator.faults import MAIL_SEND, Fault
from mailer.emulator.suppressions import (
    KINDS,
    add_global,
    list_page,
    remove_entries,
    remove_entry,
    show_entry,
    show_global,
)
from mailer.emulator.wire import Request, Response, error_response, html_error, json_response

GLOBAL = "/v3/asm/suppressions/global"
LISTS = "/v3/suppression"
OWN_LISTS = frozenset(KINDS) - {"unsubscribes"}
"""Lists whose entries are shown and removed under their own name; those of the other lie under GLOBAL."""
SETTINGS = "/v3/user/webhooks/event/settings"


def granted_scopes(emulator: Emulator, request: Request) -> frozenset[str] | None:
    """The scopes of the key the request carries, or None for no key or an unknown one."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    granted = emulator.config.api_keys.get(key.strip())
    return None if granted is None else emulator.account.scopes(granted)


def answer(emulator: Emulator, request: Request, fault: Fault | None) -> Response:
    """Answer a request under /v3. A `fault` other than a broken connection shapes the answer."""
    if fault is not None and fault.kind == "server_error" and fault.accepted:
        _answer(emulator, request, None)
    shaped = None if fault is None else fault_response(fault)
    return shaped or _answer(emulator, request, fault)


def fault_response(fault: Fault) -> Response | None:
    """The answer a fault gives, or None where the request is answered as usual."""
    if fault.kind == "rate_limit":
        response = error_response(429, "too many requests")
        if not fault.reset_header:
            return response
        reset = int(time.time() + fault.seconds + 0.999)
        headers = {"X-RateLimit-Limit": "600", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
        return Response(429, response.body, headers=headers)
    if fault.kind == "server_error":
        titles = {500: "Internal Server Error", 502: "Bad Gateway", 504: "Gateway Time-out"}
        if fault.status in titles:
            return html_error(fault.status, titles[fault.status])
        return error_response(503, "Service Unavailable")
    answers = {
        "unauthorized": (401, "The provided authorization grant is invalid, expired, or revoked"),
        "forbidden": (403, "access forbidden"),
        "reject_unnamed": (400, "Bad Request"),
    }
    if fault.kind in answers:
        return error_response(*answers[fault.kind])
    if fault.kind == "too_large":
        return html_error(413, "Request Entity Too Large")
    return None


def _answer(emulator: Emulator, request: Request, fault: Fault | None) -> Response:
    granted = granted_scopes(emulator, request)
    if granted is None:
        return error_response(401, "The provided authorization grant is invalid, expired, or revoked")
    if request.method == "GET" and request.path == "/v3/scopes":
        return json_response({"scopes": sorted(granted)})
    found = _route(emulator, request, fault)
    if found is None:
        return error_response(404, "not found")
    scope, handle = found
    if scope not in granted:
        return error_response(403, "access forbidden")
    return handle()


def _route(
    emulator: Emulator, request: Request, fault: Fault | None
) -> tuple[str, Callable[[], Response]] | None:
    path = request.path
    if request.method == "POST":
        if path == MAIL_SEND:
            return "mail.send", lambda: emulator.mail_send(request, fault)
        if path == "/v3/logs":
            return "messages.read", lambda: emulator.logs.search(request)
        if path == GLOBAL:
            return (
                "asm.suppressions.global.create",
                lambda: add_global(emulator.suppressions, request, len(emulator.requests)),
            )
        return None
    if request.method == "DELETE":
        return _removal(emulator, request)
    if request.method != "GET":
        return None
    section, _, name = path.rpartition("/")
    name = unquote(name)
    if section == "/v3/logs":
        return "messages.read", lambda: emulator.logs.show(name)
    if section == LISTS and name in KINDS:
        return f"suppression.{name}.read", lambda: list_page(emulator.suppressions, request, name)
    if section.startswith(f"{LISTS}/") and (kind := section.removeprefix(f"{LISTS}/")) in OWN_LISTS:
        return f"suppression.{kind}.read", lambda: show_entry(emulator.suppressions, kind, name)
    if path == GLOBAL:
        return (
            "asm.suppressions.global.read",
            lambda: list_page(emulator.suppressions, request, "unsubscribes"),
        )
    if section == GLOBAL:
        return "asm.suppressions.global.read", lambda: show_global(emulator.suppressions, name)
    return _setting(emulator, path)


def _setting(emulator: Emulator, path: str) -> tuple[str, Callable[[], Response]] | None:
    """What a GET asks for of the account's settings."""
    account, public_key = emulator.account, emulator.public_key
    section, _, name = path.rpartition("/")
    if section == "/v3/tracking_settings" and (shown := account.tracking(name)) is not None:
        return f"tracking_settings.{name}.read", lambda: json_response(shown)
    if path == f"{SETTINGS}/signed":
        return (
            "user.webhooks.event.settings.read",
            lambda: json_response({"id": "emulator", "public_key": public_key}),
        )
    return {
        "/v3/whitelabel/domains": ("whitelabel.read", lambda: json_response(account.domains())),
        "/v3/whitelabel/links": ("whitelabel.read", lambda: json_response(account.links())),
        "/v3/verified_senders": (
            "sender_verification_eligible",
            lambda: json_response(account.verified_senders()),
        ),
        f"{SETTINGS}/all": (
            "user.webhooks.event.settings.read",
            lambda: json_response(account.webhooks(emulator.poster.url, public_key)),
        ),
    }.get(path)


def _removal(emulator: Emulator, request: Request) -> tuple[str, Callable[[], Response]] | None:
    """What a DELETE asks for: one entry of a list, or several."""
    section, _, name = request.path.rpartition("/")
    name = unquote(name)
    if section == GLOBAL:
        return (
            "asm.suppressions.global.delete",
            lambda: remove_entry(emulator.suppressions, "unsubscribes", name),
        )
    if section == LISTS and name in OWN_LISTS:
        return f"suppression.{name}.delete", lambda: remove_entries(emulator.suppressions, request, name)
    kind = section.removeprefix(f"{LISTS}/")
    if section.startswith(f"{LISTS}/") and kind in OWN_LISTS:
        return f"suppression.{kind}.delete", lambda: remove_entry(emulator.suppressions, kind, name)
    return None
