"""HTTP as the emulator's parts see it: a request in, a response out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from mailer.emulator.limits import FieldError

JSON = "application/json"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """A request that was read whole. Header names in `headers` are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    """An answer. `close` ends the connection after it."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    close: bool = False


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with `value` as JSON."""
    return Response(status, orjson.dumps(value), JSON, headers or {})


def error_response(status: int, message: str, field: str | None = None) -> Response:
    """An answer with one error as SendGrid writes it."""
    return errors_response(status, (FieldError(message, field),))


def errors_response(status: int, errors: tuple[FieldError, ...]) -> Response:
    """An answer with SendGrid's `{"errors": […]}`."""
    return json_response({"errors": [error.as_json() for error in errors]}, status)


def html_error(status: int, title: str) -> Response:
    """The page a proxy in front of the API answers with: not JSON."""
    page = (
        f"<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{status} {title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return Response(status, page.encode(), "text/html", close=True)
