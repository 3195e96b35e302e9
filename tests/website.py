"""A web site on this machine that answers what a test tells it to."""

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answer:
    """What the site says at one path. A body in pieces is sent piece by piece, as its iterator gives them."""

    body: bytes | Iterable[bytes] = b""
    media_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Website:
    """Its answers by path, with a query or without, may be changed at any time; `asked` holds path and headers of each request.

    A request that names the ETag of the answer is answered 304.
    """

    def __init__(self, host: str, url: str) -> None:
        self.host = host
        self.url = url
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def says(self, path: str, body: bytes | str | Iterable[bytes] = b"", **how: object) -> str:
        """Let it answer at a path. Returns the whole address."""
        content = body.encode() if isinstance(body, str) else body
        self.answers[path] = Answer(content, **how)  # type: ignore[arg-type]
        return f"{self.url}{path}"


@contextmanager
def website() -> Iterator[Website]:
    """A site on a port of 127.0.0.1 that is free."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            known = site.answers.get(self.path) or site.answers.get(self.path.partition("?")[0])
            answer = known or Answer(b"nothing here", status=404)
            etag = answer.headers.get("ETag")
            if etag and self.headers.get("If-None-Match") == etag:
                answer = Answer(status=304)
            self.send_response(answer.status)
            if answer.media_type:
                self.send_header("Content-Type", answer.media_type)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            whole = isinstance(answer.body, bytes)
            if whole:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            try:
                for piece in [answer.body] if whole else answer.body:
                    self.wfile.write(piece)
                    self.wfile.flush()
            except OSError:  # whoever asked has gone
                pass

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    host = f"127.0.0.1:{server.server_port}"
    site = Website(host, f"http://{host}")
    threading.Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.02}).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
