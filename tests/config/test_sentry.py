"""What reaches Sentry, asked of a server that takes it in Sentry's place."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from mailer.config.environment import ConfigurationError, read
from subscribers import tokens
from subscribers.tokens import Scope
from tests.config.test_environment import GOOD

ADDRESS = "mei.lin@news.example.org"
TOKEN = tokens.make(Scope.MANAGE, 1, 2, 3)
PROGRAM = f"""
import django, structlog
django.setup()
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from mailer.config import urls
from mailer.config.celery import app

@csrf_exempt
def fail(request, **_):
    address = {ADDRESS!r}
    raise ValueError(f"nobody is called {{address}}")

@app.task(name="sample")
def sample():
    address = {ADDRESS!r}
    raise LookupError(f"nobody is called {{address}}")

urls.urlpatterns.append(path("fail/u/<str:token>", fail))
asked = RequestFactory(
    HTTP_AUTHORIZATION="Bearer hunter2", HTTP_COOKIE="sessionid=hunter2", REMOTE_ADDR="203.0.113.7"
).post("/fail/u/{TOKEN}?email={ADDRESS}", {{"email": {ADDRESS!r}}}, SERVER_NAME="127.0.0.1")
structlog.get_logger("mailer.sample").info("somebody_came", who={ADDRESS!r})
list(WSGIHandler()(asked.environ, lambda status, headers, *_: None))
sample.apply()
structlog.get_logger("mailer.sample").error("it_failed", batch=7, who={ADDRESS!r})
"""


class Intake(ThreadingHTTPServer):
    """Takes envelopes (https://develop.sentry.dev/sdk/data-model/envelopes/) and keeps the events in them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taker)
        self.events: list[dict[str, Any]] = []
        self.dsn = f"http://public@127.0.0.1:{self.server_address[1]}/42"


class Taker(BaseHTTPRequestHandler):
    server: Intake

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        _, *items = body.splitlines()
        for head, payload in zip(items[::2], items[1::2], strict=False):
            if json.loads(head)["type"] == "event":
                self.server.events.append(json.loads(payload))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """The test's output is the tests'."""


@pytest.fixture(scope="module")
def events() -> Iterator[list[dict[str, Any]]]:
    """What Sentry got of a process in which a page, a task and an act failed."""
    with Intake() as intake:
        Thread(target=intake.serve_forever, daemon=True).start()
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "mailer.config.settings",
                "SENTRY_DSN": intake.dsn,
                "ALLOWED_HOSTS": "127.0.0.1",
                "LOG_LEVEL": "info",
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        yield intake.events
        intake.shutdown()


def test_exceptions_of_pages_and_tasks_and_lines_of_errors_arrive(events):
    kinds = [event["exception"]["values"][-1]["type"] for event in events if "exception" in event]
    assert kinds == ["ValueError", "LookupError"]
    (line,) = (event for event in events if event.get("logger") == "mailer.sample")
    assert line["logentry"]["message"] == "it_failed"
    assert line["extra"]["batch"] == 7
    assert all(event["release"].startswith("mailer@") for event in events)


def test_no_address_no_token_and_no_secret_is_in_them(events):
    whole = json.dumps(events)
    for secret in ("mei", "news.example.org", TOKEN, "hunter2", "203.0.113.7"):
        assert secret not in whole
    assert "nobody is called <address>" in whole


def test_no_values_of_variables_and_no_parts_of_requests_are_in_them(events):
    frames = [
        frame
        for event in events
        for value in event.get("exception", {}).get("values", ())
        for frame in value["stacktrace"]["frames"]
    ]
    assert frames
    assert all("vars" not in frame for frame in frames)
    (request,) = (event["request"] for event in events if "request" in event)
    assert request == {"method": "POST", "url": "http://127.0.0.1/fail/u/…"}


def test_a_dsn_without_the_package_is_refused_with_what_to_do(monkeypatch):
    assert read({**GOOD, "SENTRY_DSN": "https://key@sentry.example.org/42"}).sentry_dsn
    monkeypatch.setattr("mailer.config.sentry.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"pip install 'mailer\[sentry\]'") as raised:
        read({**GOOD, "SENTRY_DSN": "https://key@sentry.example.org/42"})
    assert "key@" not in str(raised.value).partition("Example:")[0]


def test_it_is_not_loaded_where_no_dsn_is_set(settings):
    assert settings.ENVIRONMENT.sentry_dsn is None
    assert "sentry_sdk" not in sys.modules
