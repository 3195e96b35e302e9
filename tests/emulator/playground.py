"""What the emulator's tests work with: an emulator, a webhook that takes its posts, and requests for mail."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

from mailer.emulator.config import EmulatorConfig, EmulatorWorld, EventDelivery
from mailer.emulator.server import EmulatorServer

QUIET = EmulatorWorld(enabled=False)
HASTY = EventDelivery(batch_seconds=0.02, retry_seconds=0.01)
KIND = EmulatorWorld(
    drop=0,
    invalid=0,
    hard_bounce=0,
    block=0,
    deferral=0,
    human_open=0,
    machine_open=0,
    click=0,
    complaint=0,
    unsubscribe=0,
    prefetch=0,
    scanner=0,
)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def errors(self) -> list[tuple[str | None, str]]:
        return [(error["field"], error["message"]) for error in self.json()["errors"]]


@dataclass
class Playground:
    """An emulator that runs, spoken to over HTTP."""

    server: EmulatorServer
    key: str = "SG.local"

    def call(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        raw = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        try:
            connection.request(method, path, raw, dict(headers or {}))
            response = connection.getresponse()
            answered = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, answered, response.read())
        finally:
            connection.close()

    def api(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        standard = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        return self.call(method, path, body, {**standard, **headers})

    def send(self, body: Any, **headers: str) -> Answer:
        return self.api("POST", "/v3/mail/send", body, **headers)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.call(method, f"/control{path}", body, {"X-Emulator-Control": "1"})
        assert answer.status < 300, answer.body
        return answer.json()

    def fault(self, kind: str, **settings: Any) -> None:
        self.control("POST", "/faults", {"kind": kind, **settings})

    def messages(self, **query: Any) -> list[dict[str, Any]]:
        words = "&".join(f"{name}={value}" for name, value in query.items())
        found: list[dict[str, Any]] = self.control("GET", f"/messages?{words}")["messages"]
        return found

    def settled(self) -> dict[str, Any]:
        """Waits until every event was posted."""
        wait_for(lambda: self.control("GET", "/events/pending")["idle"])
        found: dict[str, Any] = self.control("GET", "/events/pending")
        return found


@dataclass
class Webhook:
    """A real receiver of events. `answers` are the statuses of the next posts, then 204; while `gate` is
    not set it answers nothing; `arrived` counts the posts it has read."""

    url: str = ""
    gate: threading.Event = field(default_factory=threading.Event)
    arrived: int = 0
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of all posts that were taken, in the order they came."""
        return [
            event
            for headers, body in list(self.posts)
            if headers["status"] == "204"
            for event in orjson.loads(body)
        ]

    def names(self, email: str) -> list[str]:
        return [event["event"] for event in self.events if event["email"] == email]


@contextmanager
def running_webhook() -> Iterator[Webhook]:
    webhook = Webhook()
    webhook.gate.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            webhook.arrived += 1
            webhook.gate.wait()
            status = webhook.answers.pop(0) if webhook.answers else 204
            headers = {name.lower(): value for name, value in self.headers.items()}
            webhook.posts.append(({**headers, "status": str(status), "path": self.path}, body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    webhook.url = f"http://127.0.0.1:{server.server_port}/events"
    try:
        yield webhook
    finally:
        webhook.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def running(**settings: Any) -> Iterator[Playground]:
    """An emulator on a free port; its world is off and its posts are quick unless told otherwise."""
    config = replace(EmulatorConfig(port=0, world=QUIET, delivery=HASTY), **settings)
    with EmulatorServer(config) as server:
        yield Playground(server)


def wait_for(condition: Callable[[], Any], seconds: float = 20) -> None:
    """Waits until a condition holds; fails when it never does."""
    ended = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ended:
            raise AssertionError("the condition never held")
        threading.Event().wait(0.01)


def recipient(email: str, **rest: Any) -> dict[str, Any]:
    return {"to": [{"email": email}], **rest}


def mail(*personalizations: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A request that is in order; a change to None takes a key out."""
    body = {
        "personalizations": list(personalizations) or [recipient("reader@example.org")],
        "from": {"email": "news@example.com", "name": "News"},
        "subject": "Hello",
        "content": [
            {"type": "text/plain", "value": "Hello"},
            {"type": "text/html", "value": "<p>Hello</p>"},
        ],
        **changes,
    }
    return {key: value for key, value in body.items() if value is not None}
