"""SendGrid's side of the emulator: which path asks for what, with which scope."""

import time
from collections.abc import Callable
from urllib.parse import unquote

from mailer.emulator import account
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
from mailer.emulator.wire import Request, Response, error_response, html_error

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
    return emulator.config.api_keys.get(key.strip())


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
        return account.scopes(granted)
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
    if section == "/v3/tracking_settings":
        return f"tracking_settings.{name}.read", lambda: account.tracking_setting(name)
    if path == "/v3/whitelabel/domains":
        return "whitelabel.read", lambda: account.domains(emulator.config.sender)
    if path == "/v3/verified_senders":
        return "sender_verification_eligible", lambda: account.verified_senders(emulator.config.sender)
    if path == f"{SETTINGS}/all":
        return (
            "user.webhooks.event.settings.read",
            lambda: account.webhooks(emulator.poster.url, emulator.public_key),
        )
    if path == f"{SETTINGS}/signed":
        return "user.webhooks.event.settings.read", lambda: account.signed_webhook(emulator.public_key)
    return None


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
