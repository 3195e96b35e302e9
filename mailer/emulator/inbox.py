"""The inbox in the browser: what was accepted, as its recipients see it.

Mails are hostile. Every value is escaped by the templates; a mail's HTML is served by itself with a CSP that
sandboxes it, and shown in a sandboxed frame: no scripts, no forms, pictures from this machine only until the
reader asks for the others.
"""

import hmac
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mailer.emulator.control import pending
from mailer.emulator.emulator import Emulator
from mailer.emulator.messages import Message
from mailer.emulator.outgoing import is_local, one_click_address, post_one_click
from mailer.emulator.preview import framed, preheader, preview_text
from mailer.emulator.wire import HTML, Request, Response

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "emulator"
PAGE = 50
SCHEMES = ("light", "dark")
VIEWS = ("desktop", "phone", "text", "headers", "source")
_LOCAL_IMAGES = "data: http://127.0.0.1:* http://localhost:*"
_ALL_IMAGES = "data: http: https:"
_SAFE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
_PAGE_HEADERS = {
    **_SAFE,
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
}


@lru_cache(maxsize=1)
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = lambda number: f"{number:,}"
    environment.filters["moment"] = _moment
    environment.filters["day_and_time"] = lambda seconds: (
        f"{datetime.fromtimestamp(seconds, UTC):%d %b %H:%M}"
    )
    environment.filters["initial"] = _initial
    return environment


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%d %b %Y, %H:%M:%S UTC")


def _initial(name: str) -> str:
    """The letter that stands for somebody, in any script."""
    return next((letter for letter in name if letter.isalnum()), "@").upper()


def answer(emulator: Emulator, request: Request) -> Response:
    """Answer a request for a page of the inbox."""
    parts = request.path.strip("/").split("/")
    reads = request.method in {"GET", "HEAD"}
    try:
        if reads and request.path == "/":
            return _list(emulator, request)
        if reads and request.path == "/inbox.css":
            return Response(200, (TEMPLATES / "inbox.css").read_bytes(), "text/css; charset=utf-8", _SAFE)
        if parts[0] == "messages" and len(parts) in {2, 3} and parts[1].isascii() and parts[1].isdigit():
            position = int(parts[1])
            if len(parts) == 2 and reads:
                return _message(emulator, request, position)
            if parts[2:] == ["body"] and reads:
                return _body(emulator, request, position)
            if parts[2:] == ["unsubscribe"] and request.method == "POST":
                return _unsubscribe(emulator, request, position)
    except IndexError:
        pass  # no message at this position, or the inbox was emptied meanwhile
    return _page(emulator, "missing.html", 404)


def _page(emulator: Emulator, name: str, status: int = 200, **values: Any) -> Response:
    events = pending(emulator)
    shared = {
        "messages": emulator.requests.messages,
        "requests": len(emulator.requests),
        "world": emulator.happenings.world.enabled,
        "paused": emulator.poster.paused,
        "waiting": events["pending"],
        "faults": emulator.faults.active,
        "words": "",
    }
    text = _templates().get_template(name).render({**shared, **values})
    return Response(status, text.encode("utf-8", "replace"), HTML, _PAGE_HEADERS)


def _list(emulator: Emulator, request: Request) -> Response:
    words = request.query.get("q", "").strip()
    number = request.query.get("page", "1")
    page = max(1, int(number)) if number.isascii() and number.isdigit() and len(number) < 9 else 1
    start = (page - 1) * PAGE
    if words:
        found = list(emulator.requests.find(words))
        total, chosen = len(found), found[start : start + PAGE]
    else:
        total = emulator.requests.messages
        chosen = list(range(total - 1 - start, max(-1, total - 1 - start - PAGE), -1))
    rows = [_row(emulator.requests.message_at(position), position) for position in chosen]
    return _page(
        emulator,
        "list.html",
        rows=rows,
        words=words,
        total=total,
        first=start + 1,
        newer=_link(words, page - 1) if page > 1 else None,
        older=_link(words, page + 1) if start + PAGE < total else None,
    )


def _link(words: str, page: int) -> str:
    return "/?" + urlencode({"q": words, "page": page} if words else {"page": page})


def _row(message: Message, position: int) -> dict[str, Any]:
    name = message.recipient.person.get("name") or message.email
    return {
        "position": position,
        "name": name,
        "email": message.email,
        "hue": sum(message.email.encode()) % 6,
        "subject": message.subject,
        "preview": preview_text(message.html, message.text),
        "at": message.mailing.received_at,
    }


def _message(emulator: Emulator, request: Request, position: int) -> Response:
    message = emulator.requests.message_at(position)
    source = message.html
    view = request.query.get("view", "desktop" if source is not None else "text")
    if view not in VIEWS or (source is None and view in {"desktop", "phone"}):
        view = "text"
    scheme = request.query.get("scheme", "")
    accepted = emulator.requests.by_id(message.mailing.request_id)
    address = one_click_address(message.header("List-Unsubscribe"), message.header("List-Unsubscribe-Post"))
    return _page(
        emulator,
        "message.html",
        message=message,
        position=position,
        row=_row(message, position),
        view=view,
        views=[name for name in VIEWS if source is not None or name not in {"desktop", "phone"}],
        remote=request.query.get("images") == "all",
        scheme=scheme if scheme in SCHEMES else "",
        source=source,
        size=len(source.encode("utf-8", "replace")) if source is not None else 0,
        preheader=preheader(source),
        headers=mail_headers(message),
        personalization=_pretty(message.personalization),
        custom_args=message.custom_args,
        unsubscribe=message.header("List-Unsubscribe"),
        one_click=address,
        one_click_local=address is not None and is_local(address),
        unsubscribed=request.query.get("unsubscribed"),
        token=emulator.form_token,
        events=[] if accepted is None else emulator.happenings.events(message, accepted),
        newer=position + 1 if position + 1 < emulator.requests.messages else None,
        older=position - 1 if position > 0 else None,
    )


def _pretty(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def mail_headers(message: Message) -> list[tuple[str, str]]:
    """The headers of the mail as it arrives, with the extra ones in the order of the request."""

    def people(items: list[dict[str, str]]) -> str:
        # A readable name: the encoded words of RFC 2047 are for the wire.
        return ", ".join(f"{p['name']} <{p['email']}>" if p.get("name") else p["email"] for p in items)

    moment = datetime.fromtimestamp(message.send_at, UTC)
    found = [("From", people([message.sender])), ("To", people(message.addressed("to")))]
    if message.addressed("cc"):
        found.append(("Cc", people(message.addressed("cc"))))
    if message.reply_to:
        found.append(("Reply-To", people(message.reply_to)))
    found += [
        ("Subject", message.subject),
        ("Date", format_datetime(moment)),
        ("Message-ID", f"<{message.mailing.request_id}.{message.index}@emulator.localhost>"),
    ]
    return [*found, *message.headers.items()]


def _body(emulator: Emulator, request: Request, position: int) -> Response:
    """A mail's HTML by itself, for the frame."""
    source = emulator.requests.message_at(position).html
    if source is None:
        raise IndexError(position)
    images = _ALL_IMAGES if request.query.get("images") == "all" else _LOCAL_IMAGES
    policy = (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
        f"img-src {images}; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    )
    body = framed(source).encode("utf-8", "replace")
    return Response(200, body, HTML, {**_SAFE, "Content-Security-Policy": policy})


def _unsubscribe(emulator: Emulator, request: Request, position: int) -> Response:
    """Press the unsubscribe button of a mail program: a one-click POST (RFC 8058)."""
    form = parse_qs(request.body.decode("utf-8", "replace"))
    if not hmac.compare_digest(form.get("token", [""])[0].encode(), emulator.form_token.encode()):
        return _page(emulator, "missing.html", 403)
    message = emulator.requests.message_at(position)
    address = one_click_address(message.header("List-Unsubscribe"), message.header("List-Unsubscribe-Post"))
    status = None if address is None else post_one_click(address)
    view = request.query.get("view", "desktop")
    query = urlencode({"view": view if view in VIEWS else "desktop", "unsubscribed": status or "failed"})
    return Response(303, b"", HTML, {**_PAGE_HEADERS, "Location": f"/messages/{position}?{query}"})
