"""Small servers for these tests: each connection is handed to a function that the test wrote."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import orjson


@dataclass
class Request:
    line: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass
class Server:
    """`over` is set when the test ends: a handler that hangs waits for it."""

    address: str
    port: int
    requests: list[Request] = field(default_factory=list, repr=False)
    connections: int = 0
    over: threading.Event = field(default_factory=threading.Event)


Handler = Callable[[Server, socket.socket], None]


@contextmanager
def serving(
    handler: Handler, tls: ssl.SSLContext | None = None, receive_buffer: int | None = None
) -> Iterator[Server]:
    """Run a server on a free port of 127.0.0.1. A connection is closed when its handler returns."""
    listener = socket.socket()
    if receive_buffer is not None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    listener.bind(("127.0.0.1", 0))
    listener.listen(16)
    port = listener.getsockname()[1]
    server = Server(f"{'https' if tls else 'http'}://127.0.0.1:{port}", port)
    threads: list[threading.Thread] = []
    open_connections: list[socket.socket] = []

    def handle(connection: socket.socket) -> None:
        with suppress(OSError, EOFError), connection:
            served = tls.wrap_socket(connection, server_side=True) if tls is not None else connection
            with served:
                open_connections.append(served)
                handler(server, served)

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            if server.over.is_set():
                connection.close()
                return
            server.connections += 1
            threads.append(threading.Thread(target=handle, args=(connection,)))
            threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield server
    finally:
        server.over.set()
        socket.create_connection(("127.0.0.1", port)).close()
        acceptor.join()
        listener.close()
        for (
            connection
        ) in open_connections:  # a handler may be waiting for the next request on one the client keeps
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


def read_head(connection: socket.socket) -> tuple[str, dict[str, str], bytes]:
    """The request line, the headers, and what came of the body with them. EOFError when the client is gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        received = connection.recv(65536)
        if not received:
            raise EOFError
        data += received
    head, _, rest = data.partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    return line, {name.lower(): value for name, _, value in (each.partition(": ") for each in lines)}, rest


def read_request(server: Server, connection: socket.socket) -> Request:
    line, headers, body = read_head(connection)
    length = int(headers.get("content-length", "0"))
    parts, got = [body], len(body)
    while got < length:
        parts.append(connection.recv(1 << 20))
        got += len(parts[-1])
        if not parts[-1]:
            raise EOFError
    request = Request(line, headers, b"".join(parts))
    server.requests.append(request)
    return request


def answer(status: int, body: bytes = b"", **headers: str) -> bytes:
    names = {name.replace("_", "-"): value for name, value in headers.items()} | {
        "Content-Length": str(len(body))
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in names.items())
    return f"HTTP/1.1 {status} Whatever\r\n{lines}\r\n".encode() + body


def json_answer(status: int, value: object, **headers: str) -> bytes:
    return answer(status, orjson.dumps(value), Content_Type="application/json", **headers)


def always(*answers: bytes) -> Handler:
    """Answer request after request on each connection: with each answer in turn, then with the last one again."""

    def handler(server: Server, connection: socket.socket) -> None:
        while True:
            read_request(server, connection)
            connection.sendall(answers[min(len(server.requests), len(answers)) - 1])

    return handler


def reset(connection: socket.socket) -> None:
    """Close with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
