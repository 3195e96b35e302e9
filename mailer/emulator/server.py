"""The HTTP server: keep-alive, one thread per connection, and a hand on the socket for what breaks it."""

import gc
import logging
import os
import signal
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mailer.emulator import api, control, inbox, limits
from mailer.emulator.config import EmulatorConfig, EmulatorError
from mailer.emulator.emulator import Emulator
from mailer.emulator.faults import MAIL_SEND, Fault
from mailer.emulator.outgoing import is_local
from mailer.emulator.rate import Rate
from mailer.emulator.wire import Request, Response, error_response, html_error

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
# SO_LINGER on with no time: close() throws away what is buffered and sends RST instead of FIN.
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
CHUNK = 64 * 1024
DISCARDED_AT_MOST = 256 * 1024 * 1024
# A parsed request is some 6,000 objects that hold no cycles and are gone a moment later. Python's standard of 700
# has the collector walk through them eight times a request: measured at a third of all the time.
GARBAGE_THRESHOLD = 100_000


class _ConnectionBroken(Exception):
    """The connection was ended on purpose, or by the other side: there is nothing left to answer."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120
    server: "_Server"

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: paths and bodies hold addresses."""

    def _serve(self) -> None:
        try:
            parts = urlsplit(self.path)
        except ValueError:
            self._send(html_error(400, "Bad Request"))
            return
        mail = parts.path == MAIL_SEND and self.command == "POST"
        try:
            if parts.path.startswith("/v3/"):
                response = self._serve_api(parts.path, parts.query)
            else:
                response = self._serve_local(parts.path, parts.query)
        except (_ConnectionBroken, ConnectionError, TimeoutError):
            self.close_connection = True
            return
        except Exception:
            log.exception("emulator.request_failed")
            response = error_response(500, "The emulator failed: see its log.")
        if mail:
            self.server.emulator.count(str(response.status))
        self._send(response)

    def _serve_api(self, path: str, query: str) -> Response:
        emulator = self.server.emulator
        latency, fault = emulator.faults.strike(path)
        kind = None if fault is None else fault.kind
        if kind == "reset_before":
            self.rfile.read(min(self._length() // 2, CHUNK))
            self._reset("reset_before")
        body = self._body()
        if latency:
            emulator.stopping.wait(latency)
        request = self._request(path, query, body)
        if len(body) > limits.REQUEST_BYTES:
            return html_error(413, "Request Entity Too Large")
        if fault is not None and kind == "hang":
            if fault.accepted:
                api.answer(emulator, request, None)
            emulator.count("hang")
            emulator.stopping.wait(fault.seconds)
            raise _ConnectionBroken
        response = api.answer(emulator, request, fault)
        if kind == "reset_after" and response.status < 300:
            self._reset("reset_after")
        return self._with_rate(request, response, fault)

    def _with_rate(self, request: Request, response: Response, fault: Fault | None) -> Response:
        if fault is not None and fault.kind == "rate_limit":
            return response
        headers = self.server.rate.headers(
            request.headers.get("authorization", ""), request.path == MAIL_SEND
        )
        return Response(
            response.status,
            response.body,
            response.content_type,
            {**headers, **response.headers},
            response.close,
        )

    def _serve_local(self, path: str, query: str) -> Response:
        body = self._body()
        # A page elsewhere that lets its own name point here must not read the inbox (DNS rebinding).
        if not is_local(f"http://{self.headers.get('Host', '')}"):
            return error_response(403, "This page is served to 127.0.0.1 and localhost only.")
        request = self._request(path, query, body)
        if path == "/control" or path.startswith("/control/"):
            return control.answer(self.server.emulator, request)
        return inbox.answer(self.server.emulator, request)

    def _request(self, path: str, query: str, body: bytes) -> Request:
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, path, dict(parse_qsl(query, keep_blank_values=True)), headers, body)

    def _length(self) -> int:
        text = self.headers.get("Content-Length", "0").strip()
        if "Transfer-Encoding" in self.headers:
            self._send(Response(411, b"Length Required", "text/plain", close=True))
            raise _ConnectionBroken
        if not (text.isascii() and text.isdigit()):
            self._send(html_error(400, "Bad Request"))
            raise _ConnectionBroken
        return int(text)

    def _body(self) -> bytes:
        """The body; of one that is too large only so much that its size can be told."""
        length = self._length()
        if length <= limits.REQUEST_BYTES:
            body = self.rfile.read(length)
            if len(body) < length:
                raise _ConnectionBroken
            return body
        # Read on, as nginx lingers: whoever is still sending would see a reset and never the 413.
        body = self.rfile.read(limits.REQUEST_BYTES + 1)
        rest = min(length, DISCARDED_AT_MOST) - len(body)
        while rest > 0 and (chunk := self.rfile.read(min(CHUNK, rest))):
            rest -= len(chunk)
        return body

    def _reset(self, kind: str) -> None:
        """End the connection with a TCP reset."""
        self.server.emulator.count(kind)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        # The handler's files hold on to the socket object: only the descriptor itself closes at once.
        os.close(self.connection.detach())
        raise _ConnectionBroken

    def _send(self, response: Response) -> None:
        if response.close:
            self.close_connection = True
        lines = [
            f"HTTP/1.1 {response.status} {self.responses.get(response.status, ('',))[0]}",
            "Server: nginx",
            f"Date: {self.date_time_string()}",
            f"Content-Type: {response.content_type}",
            f"Content-Length: {len(response.body)}",
            f"Connection: {'close' if self.close_connection else 'keep-alive'}",
            *(f"{name}: {value}" for name, value in response.headers.items()),
        ]
        head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
        try:
            # One write: head and body leave in one segment.
            self.wfile.write(head if self.command == "HEAD" else head + response.body)
        except OSError:
            self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, port: int, emulator: Emulator) -> None:
        self.emulator = emulator
        self.rate = Rate()
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        # HTTPServer would look up the host's name here, which can take seconds where there is no resolver.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, self.server_address[1]

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self._connections_lock:
            self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._connections_lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is nothing to report here."""

    def close_connections(self) -> None:
        """End the connections that are kept alive."""
        with self._connections_lock:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


class EmulatorServer:
    """An emulator behind HTTP on 127.0.0.1.

    Raises EmulatorError when the port is taken or the configuration cannot work.
    """

    def __init__(self, config: EmulatorConfig) -> None:
        self.emulator = Emulator(config)
        try:
            self._server = _Server(config.port, self.emulator)
        except OSError as error:
            self.emulator.requests.close()
            message = f"Port {config.port} on {HOST} cannot be used ({error.strerror}). Give another, for example 8026."
            raise EmulatorError("port_taken", message) from error
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="emulator-http",
            daemon=True,
        )

    @property
    def port(self) -> int:
        """The port it listens on, also where 0 was asked for."""
        return int(self._server.server_port)

    @property
    def url(self) -> str:
        """Its address, without a slash at the end: the `host` a SendGrid client is given."""
        return f"http://{HOST}:{self.port}"

    @property
    def public_key(self) -> str:
        """The key that events are signed with, as SendGrid shows it."""
        return self.emulator.public_key

    def start(self) -> None:
        """Serve on a background thread until stop()."""
        self.emulator.start()
        self._thread.start()

    def stop(self) -> None:
        """End everything, open connections included."""
        self.emulator.stopping.set()
        self._server.shutdown()
        self._server.close_connections()
        self._server.server_close()
        self._thread.join()
        self.emulator.stop()

    def __enter__(self) -> "EmulatorServer":
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()


def collect_rarely() -> None:
    """Set the garbage collector of this process to what an emulator needs."""
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)


def serve(config: EmulatorConfig) -> None:
    """Run an emulator until SIGTERM or SIGINT. For the main thread. Raises EmulatorError as EmulatorServer."""
    # Waited for, not handled: a handler that sets an Event can find the very lock it needs held beneath it.
    signals = {signal.SIGTERM, signal.SIGINT}
    collect_rarely()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        with EmulatorServer(config):
            signal.sigwait(signals)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
