"""The API key shows nowhere: not in a repr, a log at DEBUG, or a traceback that prints local variables."""

import copy
import io
import logging
import pickle
import signal
import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from rich.console import Console
from rich.traceback import Traceback

from mailer.sendgrid.client import SendGrid
from mailer.sendgrid.errors import CallFailed, ConfigurationError
from mailer.sendgrid.secret import Secret
from tests.sendgrid.conftest import Connect
from tests.sendgrid.keys import KEY
from tests.sendgrid.wire import Server, always, answer, json_answer, read_head, read_request, serving

SHORT = KEY.split(".")[1]


def shown(error: BaseException) -> str:
    """Everything that the talkative tracebacks print, causes included."""
    plain = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    out = io.StringIO()
    rich = Traceback.from_exception(
        type(error), error, error.__traceback__, show_locals=True, locals_max_string=10_000
    )
    Console(file=out, width=400).print(rich)
    return plain + out.getvalue()


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret(KEY)
    assert secret.reveal() == KEY
    assert SHORT not in f"{secret!r} {secret!s} {secret} {secret:>40} {[secret]}"


@pytest.mark.parametrize("dump", [pickle.dumps, copy.deepcopy])
def test_a_secret_is_not_serialised(dump: object) -> None:
    assert callable(dump)
    with pytest.raises(TypeError, match="not serialised"):
        dump(Secret(KEY))


@pytest.mark.parametrize("damage", ["\n", " ", "é", "\x00"])
def test_a_key_that_cannot_be_used_is_refused_without_being_shown(damage: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        SendGrid(KEY + damage)
    assert caught.value.code == "bad_key"
    assert "SENDGRID_API_KEY" in caught.value.message
    assert SHORT not in shown(caught.value)


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="SENDGRID_API_KEY"):
        SendGrid("")


def test_a_bad_host_does_not_show_the_key() -> None:
    with pytest.raises(ConfigurationError) as caught:
        SendGrid(KEY, "nonsense")
    assert SHORT not in shown(caught.value)


def test_nothing_of_the_client_shows_the_key(connect: Connect) -> None:
    client = connect("http://127.0.0.1:9")
    things = [client, client.api, client.api.client, client.api.client.mail, client._transport]
    for thing in things:
        assert SHORT not in repr(thing) + repr(vars(thing))


def test_the_debug_log_is_silent_about_the_key(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("python_http_client").setLevel(logging.DEBUG)
    with serving(always(answer(202), json_answer(401, {"errors": []}))) as server:
        client = connect(server.address)
        client.send_mail(b"{}")
        client.send_mail({"subject": "x"})
        with pytest.raises(CallFailed):
            client.call("get", "scopes")
    client.send_mail(b"{}")
    assert SHORT not in caplog.text


def hang_up(server: Server, connection: socket.socket) -> None:
    read_request(server, connection)


def test_a_failed_call_does_not_show_the_key_or_the_connections_error(connect: Connect) -> None:
    with serving(hang_up) as server, pytest.raises(CallFailed) as caught:
        connect(server.address).call("post", "logs", body={})
    assert SHORT not in shown(caught.value)
    assert caught.value.__context__ is None


class Interrupted(Exception):
    """What a worker's time limit raises, wherever the main thread is."""


@contextmanager
def interruptible() -> Iterator[None]:
    def interrupt(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("body", [b"{}", b"x" * 16_000_000], ids=["while reading", "while writing"])
def test_an_interruption_within_a_request_does_not_show_the_key(connect: Connect, body: bytes) -> None:
    main = threading.main_thread().ident
    assert main is not None

    def handler(server: Server, connection: socket.socket) -> None:
        read_head(connection)
        signal.pthread_kill(main, signal.SIGUSR1)
        server.over.wait()

    with (
        interruptible(),
        serving(handler, receive_buffer=65536) as server,
        pytest.raises(Interrupted) as caught,
    ):
        connect(server.address).send_mail(body)
    assert SHORT not in shown(caught.value)
    assert "wire = <memory" in shown(caught.value)
