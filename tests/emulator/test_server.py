"""The server with clients that do not keep to HTTP, and its start and end."""

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sendgrid import SendGridAPIClient

from tests.emulator.playground import Playground, mail, recipient, running, wait_for

SERVE = """
import sys
from mailer.emulator.config import EmulatorConfig
from mailer.emulator.server import serve
serve(EmulatorConfig(port=int(sys.argv[1])))
print("ended cleanly", flush=True)
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        ("POST /v3/mail/send HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"400"),
        ("POST /v3/mail/send HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        ("POST /v3/mail/send HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"411"),
        ("GET http://[/ HTTP/1.1\r\nHost: localhost\r\n\r\n", b"400"),
        ("GET / HTTP/1.1\r\nHost: [\r\n\r\n", b"403"),
        ("GET / HTTP/1.1\r\n\r\n", b"403"),
        ("NONSENSE\r\n\r\n", b"400"),
        ("BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"501"),
        ("GET /" + "a" * 70_000 + " HTTP/1.1\r\n\r\n", b"414"),
    ],
)
def test_a_request_that_is_no_http_is_refused(emulator: Playground, request_text: str, status: bytes) -> None:
    with socket.create_connection(("127.0.0.1", emulator.server.port), timeout=10) as client:
        client.sendall(request_text.encode())
        client.shutdown(socket.SHUT_WR)
        answered = client.makefile("rb").read()
        assert status in answered
    assert emulator.send(mail()).status == 202


def test_a_body_that_ends_early_is_no_request(emulator: Playground) -> None:
    with socket.create_connection(("127.0.0.1", emulator.server.port), timeout=10) as client:
        client.sendall(b"POST /v3/mail/send HTTP/1.1\r\nContent-Length: 100\r\n\r\n{}")
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
    assert emulator.control("GET", "/summary")["answers"] == {}


def test_a_client_that_asks_first_is_told_to_go_on(emulator: Playground) -> None:
    with socket.create_connection(("127.0.0.1", emulator.server.port), timeout=10) as client:
        client.sendall(b"POST /v3/mail/send HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"{}")
        assert client.recv(100).startswith(b"HTTP/1.1 401 ")


def test_the_stock_sendgrid_client_works(emulator: Playground) -> None:
    client = SendGridAPIClient("SG.local", host=emulator.server.url)
    answer = client.send(mail())
    assert answer.status_code == 202
    assert answer.headers["X-Message-Id"] == emulator.messages()[0]["request_id"]


def test_many_clients_at_once_lose_nothing(emulator: Playground) -> None:
    def send(number: int) -> int:
        return emulator.send(mail(*[recipient(f"r{number}.{n}@example.org") for n in range(20)])).status

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(send, range(60))) == {202}
    summary = emulator.control("GET", "/summary")
    assert (summary["messages"], summary["unique_addresses"]) == (1200, 1200)
    assert len({one["sg_message_id"] for one in emulator.messages(limit=1000)}) == 1000


def test_stopping_ends_kept_connections_and_hanging_requests() -> None:
    with running() as emulator:
        emulator.fault("hang", seconds=600)
        idle = socket.create_connection(("127.0.0.1", emulator.server.port), timeout=10)
        hanging = ThreadPoolExecutor(1).submit(emulator.send, mail())
        wait_for(lambda: emulator.control("GET", "/summary")["answers"])
    assert idle.recv(1) == b""
    idle.close()
    assert isinstance(hanging.exception(timeout=10), OSError)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_cleanly_on_a_signal(number: int) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(port)], stdout=subprocess.PIPE, cwd=os.getcwd()
    )
    try:
        wait_for(lambda: answers(port))
        process.send_signal(number)
        output, _ = process.communicate(timeout=20)
        assert (process.returncode, output) == (0, b"ended cleanly\n")
    finally:
        process.kill()
