"""HTTP/1.1 over pooled connections, that knows whether a request was fully written.

SendGrid has no idempotency key, so "was it sent?" decides whether a batch may go again. The clients that are usual
in Python cannot tell a reset in the middle of the body from one after it; here the request's last byte is written
apart from the rest: whatever stops the rest proves that the server has no complete request.

No redirect is followed, nothing is sent twice, nothing is logged.
"""

import errno
import http.client
import io
import ipaddress
import os
import re
import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import urlsplit

from mailer.sendgrid.answer import Answer, Phase
from mailer.sendgrid.errors import ConfigurationError
from mailer.sendgrid.secret import Secret

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

# SendGrid's servers drop idle connections after some 30 s. One that is dropped while we write on it costs an unknown
# submission, so ours are retired before.
IDLE_LIMIT_SECONDS = 25.0
# How long to look for an answer after the writing broke off: one that came early is already here.
EARLY_ANSWER_SECONDS = 1.0

_SAFE_LINE = re.compile(r"[\x20-\x7e]*")


@dataclass(frozen=True)
class Endpoint:
    """Where requests go: TLS or not, host name, port."""

    tls: bool
    name: str
    port: int

    @property
    def host_header(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port == (443 if self.tls else 80) else f"{name}:{self.port}"


def parse_host(host: str) -> Endpoint:
    """Read a base address such as `https://api.sendgrid.com`.

    Raises ConfigurationError: `bad_host` for anything but scheme, name and port, `http_not_allowed` for plain
    http to another machine, where the key and the addresses would be readable on the way.
    """
    try:
        parts = urlsplit(host)
        name, port = parts.hostname or "", parts.port
    except ValueError:
        parts, name, port = urlsplit(""), "", None
    extra = parts.username or parts.password or parts.query or parts.fragment or parts.path not in ("", "/")
    if (
        parts.scheme not in ("http", "https")
        or not re.fullmatch(r"[A-Za-z0-9.:_-]+", name)
        or extra
        or port == 0
    ):
        raise ConfigurationError(
            "bad_host",
            "SENDGRID_HOST must be a scheme and a host name, and no path: for example https://api.sendgrid.com, "
            "or http://127.0.0.1:8025 for an emulator on this machine",
        )
    tls = parts.scheme == "https"
    if not tls and not _is_loopback(name):
        raise ConfigurationError(
            "http_not_allowed",
            f"SENDGRID_HOST uses http:// for {name}: the API key would cross the network unencrypted. "
            f"Use https://{name}; http is for 127.0.0.1, ::1 and localhost only",
        )
    return Endpoint(tls, name, port or (443 if tls else 80))


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")  # RFC 6761, section 6.3


class Transport:
    """Sends requests to one host, over connections it keeps. Safe to share between threads and across fork.

    `connect_timeout` covers the connection and the TLS handshake each; `read_timeout` covers the writing of a
    request, and again the whole answer from the last byte written. Seconds. At most `pool_size` idle connections
    are kept; a request never waits for one. `tls` replaces the default context, `clock` the monotonic clock
    (seconds) that idle connections are measured with.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        key: Secret,
        *,
        connect_timeout: float,
        read_timeout: float,
        pool_size: int,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoint = endpoint
        self._key = key
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._pool_size = pool_size
        self._clock = clock
        self._tls = (tls or _default_tls()) if endpoint.tls else None
        # Newest last. Needs no lock: append, pop and popleft of a deque are atomic.
        self._idle: deque[_Idle] = deque()

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        answer_limit: int = 65_536,
    ) -> Answer:
        """Send one request, once, and return what came of it; see `Answer`.

        `path` includes the query. Authorization, Host and Content-Length are set here, whatever `headers` say.
        At most `answer_limit` bytes of the answer's body are kept. Raises ValueError for a line break or a
        character outside ASCII in method, path or headers, before anything is sent.
        """
        # Held as a memoryview because that is what frames of this module and of ssl then show in a traceback.
        wire = memoryview(b"".join((self._head(method, path, headers, body), body or b"")))
        connection = self._take()
        if connection is None:
            try:
                connection = self._connect()
            except (OSError, UnicodeError) as error:  # UnicodeError: a host name that IDNA cannot encode
                return Answer(None, {}, b"", "not_connected", _word_for(error))
        kept = False
        try:
            answer, clean = self._exchange(connection, method, wire, answer_limit)
            if clean:
                self._give(connection)
                kept = True
            return answer
        finally:
            if not kept:
                connection.close()

    def close(self) -> None:
        """Close the idle connections. Requests under way are not disturbed, and new ones may follow."""
        with suppress(IndexError):
            while True:
                self._idle.pop().connection.close()

    def _head(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
        own = {"host": self._endpoint.host_header, "accept-encoding": "identity"}
        if body is not None or method in ("POST", "PUT", "PATCH"):
            own["content-length"] = str(len(body or b""))
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in own.items())]
        lines += [
            f"{name}: {value}"
            for name, value in headers.items()
            if name.lower() not in (*own, "authorization")
        ]
        if " " in path or not all(map(_SAFE_LINE.fullmatch, lines)):
            raise ValueError("a request line or header holds a space, a control character or non-ASCII text")
        return b"".join(
            (
                "\r\n".join(lines).encode(),
                b"\r\nauthorization: Bearer ",
                self._key.reveal().encode(),
                b"\r\n\r\n",
            )
        )

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(
            (self._endpoint.name, self._endpoint.port), self._connect_timeout
        )
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                return self._tls.wrap_socket(connection, server_hostname=self._endpoint.name)
        except BaseException:
            connection.close()
            raise
        return connection

    def _exchange(
        self, connection: socket.socket, method: str, wire: memoryview, answer_limit: int
    ) -> tuple[Answer, bool]:
        """Write the request and read the answer. The second value says whether the connection may serve again."""
        trouble = _write(connection, wire, self._read_timeout)
        if trouble is None:
            return _read(connection, method, answer_limit, self._read_timeout)
        phase, word = trouble
        if phase == "body_incomplete":
            # A server that refuses (413, 400) may answer and close without reading to the end.
            early, _ = _read(connection, method, answer_limit, EARLY_ANSWER_SECONDS)
            if early.status is not None:
                return replace(early, phase=phase), False
        return Answer(None, {}, b"", phase, word), False

    def _take(self) -> socket.socket | None:
        """The connection used last, if it is fit for use; unfit ones are closed on the way."""
        with suppress(IndexError):
            while True:
                idle = self._idle.pop()
                young = self._clock() - idle.since <= IDLE_LIMIT_SECONDS
                if idle.process == os.getpid() and young and not _is_readable(idle.connection):
                    return idle.connection
                idle.connection.close()
        return None

    def _give(self, connection: socket.socket) -> None:
        now = self._clock()
        self._idle.append(_Idle(os.getpid(), now, connection))
        with suppress(IndexError):  # another thread may take the last one between two steps
            while len(self._idle) > self._pool_size or now - self._idle[0].since > IDLE_LIMIT_SECONDS:
                self._idle.popleft().connection.close()


class _Idle(NamedTuple):
    # The process that opened it: a child after fork must not write on its parent's connections.
    process: int
    since: float
    connection: socket.socket


class _Source(io.RawIOBase):
    """What http.client reads an answer from: a socket with one time limit for everything, not one for each read."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "Buffer", /) -> int:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)

    def makefile(self, mode: str) -> io.BufferedReader:
        """Called by HTTPResponse, as it would call a socket's."""
        return io.BufferedReader(self)


def _default_tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _is_readable(connection: socket.socket) -> bool:
    """True when an idle connection was closed, or holds bytes nobody asked for: either way it is of no use."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _write(connection: socket.socket, wire: memoryview, seconds: float) -> tuple[Phase, str] | None:
    """Write the request; None when all of it was handed to the kernel.

    The last byte goes by itself. If anything fails before it, that byte was never written, which proves the request
    incomplete whatever the error was. If the last byte itself fails, only the kernel's own word that the connection
    is gone proves it; any other error there (a timeout, TLS) counts as written.
    """
    connection.settimeout(seconds)
    try:
        connection.sendall(wire[:-1])
    except OSError as error:
        return "body_incomplete", _word_for(error)
    try:
        connection.sendall(wire[-1:])
    except OSError as error:
        gone = error.errno in (errno.EPIPE, errno.ECONNRESET) and not isinstance(error, ssl.SSLError)
        return "body_incomplete" if gone else "no_answer", _word_for(error)
    return None


def _read(connection: socket.socket, method: str, limit: int, seconds: float) -> tuple[Answer, bool]:
    """Read one answer within `seconds`. The second value says whether the connection is left clean."""
    source = cast(socket.socket, _Source(connection, time.monotonic() + seconds))
    with http.client.HTTPResponse(source, method=method) as response:
        try:
            response.begin()
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Answer(None, {}, b"", "no_answer", _word_for(error)), False
        body, trouble = _read_body(response, limit)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(
            response.status, headers, body, "answered", trouble
        ), not trouble and not response.will_close


def _read_body(response: http.client.HTTPResponse, limit: int) -> tuple[bytes, str]:
    """Read at most `limit` bytes; the second value names what is missing, "" when the body is whole."""
    try:
        body = response.read(limit)
    except http.client.IncompleteRead as error:
        return error.partial, "answer_incomplete"
    except (OSError, http.client.HTTPException, ValueError) as error:
        return b"", _word_for(error)
    if response.isclosed():  # HTTPResponse closes itself at the end of a body whose length it knows
        return body, ""
    if len(body) == limit:
        return body, "answer_too_long"
    until_closed = response.length is None and not response.chunked
    return body, "" if until_closed else "answer_incomplete"


def _word_for(error: Exception) -> str:
    """A short stable word for what went wrong. Never the error's own text, which may quote anything."""
    for kind, word in _WORDS:
        if isinstance(error, kind):
            return word
    number = error.errno if isinstance(error, OSError) else None
    return errno.errorcode.get(number or 0, "failed").lower()


# In this order: RemoteDisconnected is a ConnectionResetError, and every one of them but the last two an OSError.
_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (socket.gaierror, "dns"),
    (UnicodeError, "dns"),
    (TimeoutError, "timeout"),
    (ConnectionRefusedError, "refused"),
    (http.client.RemoteDisconnected, "closed"),
    (ConnectionError, "reset"),
    (ssl.SSLCertVerificationError, "tls_certificate"),
    (ssl.SSLError, "tls"),
    (http.client.HTTPException, "not_http"),
    (ValueError, "not_http"),
)
