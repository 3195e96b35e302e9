"""What the transport says of a request's end, over real sockets."""

import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mailer.sendgrid.errors import ConfigurationError
from mailer.sendgrid.transport import IDLE_LIMIT_SECONDS, parse_host
from tests.sendgrid.certificate import server_context, trusting_context
from tests.sendgrid.conftest import Connect
from tests.sendgrid.wire import Server, always, answer, read_head, read_request, reset, serving

LARGE = b"x" * 16_000_000  # more than the buffers of both sides take


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_an_accepted_request_is_answered(connect: Connect) -> None:
    with serving(always(answer(202, X_Message_Id="abc"))) as server:
        result = connect(server.address).send_mail(b'{"a":1}')
    assert (result.status, result.phase, result.error) == (202, "answered", "")
    assert result.headers["x-message-id"] == "abc"
    request = server.requests[0]
    assert request.line == "POST /v3/mail/send HTTP/1.1"
    assert request.body == b'{"a":1}'
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"].startswith("Bearer SG.")
    assert request.headers["host"] == f"127.0.0.1:{server.port}"


def test_a_dict_is_sent_as_json(connect: Connect) -> None:
    with serving(always(answer(202))) as server:
        connect(server.address).send_mail({"subject": "Grüße 你好"})
    assert server.requests[0].body == '{"subject":"Grüße 你好"}'.encode()


def test_the_packages_own_send_goes_over_this_transport(connect: Connect) -> None:
    with serving(always(answer(202))) as server:
        result = connect(server.address).api.send({"subject": "x"})
    assert result.status == 202
    assert server.requests[0].line == "POST /v3/mail/send HTTP/1.1"


def test_headers_of_one_call_do_not_stay_for_the_next(connect: Connect) -> None:
    with serving(always(answer(200, b"{}"))) as server:
        client = connect(server.address).api.client
        client.scopes.get(request_headers={"On-Behalf-Of": "someone"})
        client.scopes.get()
    assert [request.headers.get("on-behalf-of") for request in server.requests] == ["someone", None]


@pytest.mark.parametrize("status", [400, 401, 403, 413, 415, 429, 500, 502, 503, 504])
def test_an_http_error_is_an_answer_not_an_exception(connect: Connect, status: int) -> None:
    with serving(always(answer(status, b"<html>oops</html>"))) as server:
        result = connect(server.address).send_mail(b"{}")
    assert (result.status, result.body, result.phase) == (status, b"<html>oops</html>", "answered")


def test_a_redirect_is_not_followed(connect: Connect) -> None:
    with serving(always(answer(302, Location="/elsewhere"))) as server:
        result = connect(server.address).send_mail(b"{}")
    assert result.status == 302
    assert len(server.requests) == 1


def test_a_refused_connection_is_not_connected(connect: Connect) -> None:
    result = connect(f"http://127.0.0.1:{closed_port()}").send_mail(b"{}")
    assert (result.status, result.phase, result.error) == (None, "not_connected", "refused")


def test_a_host_name_that_does_not_resolve_is_not_connected(connect: Connect) -> None:
    result = connect("https://nowhere.invalid").send_mail(b"{}")
    assert (result.phase, result.error) == ("not_connected", "dns")


def test_a_host_name_that_cannot_be_encoded_is_not_connected(connect: Connect) -> None:
    result = connect(f"https://{'a' * 70}.invalid").send_mail(b"{}")
    assert (result.phase, result.error) == ("not_connected", "dns")


def test_a_reset_in_the_middle_of_the_body_is_body_incomplete(connect: Connect) -> None:
    def handler(server: Server, connection: socket.socket) -> None:
        read_head(connection)
        reset(connection)

    with serving(handler, receive_buffer=65536) as server:
        result = connect(server.address).send_mail(LARGE)
    assert (result.status, result.phase, result.error) == (None, "body_incomplete", "reset")


def test_a_server_that_stops_reading_is_body_incomplete(connect: Connect) -> None:
    def handler(server: Server, connection: socket.socket) -> None:
        read_head(connection)
        server.over.wait()

    with serving(handler, receive_buffer=65536) as server:
        result = connect(server.address, read_timeout=0.2).send_mail(LARGE)
    assert (result.status, result.phase, result.error) == (None, "body_incomplete", "timeout")


def test_an_early_answer_of_a_server_that_stops_reading_is_read(connect: Connect) -> None:
    def handler(server: Server, connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(answer(413, b"too large"))
        server.over.wait()

    with serving(handler, receive_buffer=65536) as server:
        result = connect(server.address, read_timeout=0.2).send_mail(LARGE)
    assert (result.status, result.body, result.phase) == (413, b"too large", "body_incomplete")


def test_an_early_answer_of_a_server_that_reads_to_the_end_is_read(connect: Connect) -> None:
    def handler(server: Server, connection: socket.socket) -> None:
        _, headers, rest = read_head(connection)
        connection.sendall(answer(400, b"bad"))
        left = int(headers["content-length"]) - len(rest)
        while left:
            left -= len(connection.recv(1 << 20))

    with serving(handler) as server:
        result = connect(server.address).send_mail(LARGE)
    assert (result.status, result.phase) == (400, "answered")


def test_an_early_answer_followed_by_a_reset_proves_at_least_that_nothing_was_accepted(
    connect: Connect,
) -> None:
    def handler(server: Server, connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(answer(413, b"too large"))
        reset(connection)

    with serving(handler, receive_buffer=65536) as server:
        result = connect(server.address).send_mail(LARGE)
    assert result.phase == "body_incomplete"
    assert result.status in (413, None)  # whether the answer outlives the reset is the kernel's choice


def test_a_connection_closed_without_an_answer_is_no_answer(connect: Connect) -> None:
    with serving(lambda server, connection: void(read_request(server, connection))) as server:
        result = connect(server.address).send_mail(b"{}")
    assert (result.status, result.phase, result.error) == (None, "no_answer", "closed")


def test_a_reset_before_the_answer_is_no_answer(connect: Connect) -> None:
    def handler(server: Server, connection: socket.socket) -> None:
        read_request(server, connection)
        reset(connection)

    with serving(handler) as server:
        result = connect(server.address).send_mail(b"{}")
    assert (result.status, result.phase, result.error) == (None, "no_answer", "reset")


def test_a_server_that_never_answers_is_no_answer(connect: Connect) -> None:
    def handler(server: Server, connection: socket.socket) -> None:
        read_request(server, connection)
        server.over.wait()

    with serving(handler) as server:
        result = connect(server.address, read_timeout=0.2).send_mail(b"{}")
    assert (result.status, result.phase, result.error) == (None, "no_answer", "timeout")


def test_an_answer_that_drips_in_for_ever_is_given_up(connect: Connect) -> None:
    def handler(server: Server, connection: socket.socket) -> None:
        read_request(server, connection)
        connection.sendall(b"HTTP/1.1 202 Accepted\r\n")
        while not server.over.wait(0.01):
            connection.sendall(b"x")

    with serving(handler) as server:
        result = connect(server.address, read_timeout=0.3).send_mail(b"{}")
    assert (result.phase, result.error) == ("no_answer", "timeout")


@pytest.mark.parametrize(
    "garbage", [b"SSH-2.0-OpenSSH_9.6\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\x00" * 70_000]
)
def test_an_answer_that_is_not_http_is_no_answer(connect: Connect, garbage: bytes) -> None:
    def handler(server: Server, connection: socket.socket) -> None:
        read_request(server, connection)
        connection.sendall(garbage)

    with serving(handler) as server:
        result = connect(server.address).send_mail(b"{}")
    assert (result.status, result.phase, result.error) == (None, "no_answer", "not_http")


@pytest.mark.parametrize(
    "wire",
    [
        b"HTTP/1.1 202 Accepted\r\nX-Message-Id: abc\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 202 Accepted\r\nX-Message-Id: abc\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf",
    ],
)
def test_a_status_that_came_counts_though_its_body_broke_off(connect: Connect, wire: bytes) -> None:
    def handler(server: Server, connection: socket.socket) -> None:
        read_request(server, connection)
        connection.sendall(wire)

    with serving(handler) as server:
        client = connect(server.address)
        results = [client.send_mail(b"{}") for _ in range(2)]
    assert [(each.status, each.phase, each.error) for each in results] == [
        (202, "answered", "answer_incomplete")
    ] * 2
    assert server.connections == 2


def test_an_answer_without_a_length_ends_with_its_connection(connect: Connect) -> None:
    def handler(server: Server, connection: socket.socket) -> None:
        read_request(server, connection)
        connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>")

    with serving(handler) as server:
        result = connect(server.address).send_mail(b"{}")
    assert (result.status, result.body, result.error) == (502, b"<html>", "")


def test_an_answer_that_is_too_long_is_cut(connect: Connect) -> None:
    with serving(always(answer(400, b"y" * 1_000_000))) as server:
        result = connect(server.address).send_mail(b"{}")
    assert (result.status, result.error, len(result.body)) == (400, "answer_too_long", 65_536)


def test_a_connection_serves_again(connect: Connect) -> None:
    with serving(always(answer(202))) as server:
        client = connect(server.address)
        assert [client.send_mail(b"{}").status for _ in range(5)] == [202] * 5
        assert server.connections == 1


def test_a_chunked_answer_leaves_the_connection_usable(connect: Connect) -> None:
    chunked = b"HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n4\r\noops\r\n0\r\n\r\n"
    with serving(always(chunked)) as server:
        client = connect(server.address)
        assert [client.send_mail(b"{}").body for _ in range(2)] == [b"oops"] * 2
        assert server.connections == 1


@pytest.mark.parametrize(
    "wire", [answer(202, Connection="close"), b"HTTP/1.0 202 Accepted\r\nContent-Length: 0\r\n\r\n"]
)
def test_a_connection_the_server_wants_closed_is_not_kept(connect: Connect, wire: bytes) -> None:
    with serving(always(wire)) as server:
        client = connect(server.address)
        assert [client.send_mail(b"{}").status for _ in range(2)] == [202] * 2
        assert server.connections == 2


def test_a_kept_connection_that_the_server_closed_is_noticed_before_use(connect: Connect) -> None:
    closed = threading.Semaphore(0)

    def handler(server: Server, connection: socket.socket) -> None:
        read_request(server, connection)
        connection.sendall(answer(202))
        connection.close()
        closed.release()

    with serving(handler) as server:
        client = connect(server.address)
        for _ in range(3):
            assert client.send_mail(b"{}").status == 202
            assert closed.acquire(timeout=5)
        assert server.connections == 3


def test_a_kept_connection_with_bytes_nobody_asked_for_is_dropped(connect: Connect) -> None:
    written = threading.Semaphore(0)

    def handler(server: Server, connection: socket.socket) -> None:
        read_request(server, connection)
        connection.sendall(answer(202))
        sent_on.acquire(timeout=5)
        connection.sendall(answer(400))
        written.release()
        server.over.wait()

    sent_on = threading.Semaphore(0)
    with serving(handler) as server:
        client = connect(server.address)
        for _ in range(2):
            assert client.send_mail(b"{}").status == 202
            sent_on.release()
            assert written.acquire(timeout=5)


def test_a_connection_idle_beyond_the_limit_is_never_reused(connect: Connect) -> None:
    now = [1000.0]
    with serving(always(answer(202))) as server:
        client = connect(server.address, clock=lambda: now[0])
        client.send_mail(b"{}")
        now[0] += IDLE_LIMIT_SECONDS
        client.send_mail(b"{}")
        assert server.connections == 1
        now[0] += IDLE_LIMIT_SECONDS + 0.1
        client.send_mail(b"{}")
        assert server.connections == 2


def test_threads_share_the_pool_and_no_more_than_its_size_is_kept(connect: Connect) -> None:
    together = threading.Barrier(4)

    def handler(server: Server, connection: socket.socket) -> None:
        for _ in range(2):
            read_request(server, connection)
            together.wait(timeout=5)
            connection.sendall(answer(202))

    with serving(handler) as server, ThreadPoolExecutor(4) as threads:
        client = connect(server.address, pool_size=2)
        for connections in (4, 6):  # two of the four are kept
            results = list(threads.map(client.send_mail, [b"{}"] * 4))
            assert [each.status for each in results] == [202] * 4
            assert server.connections == connections
        client.close()


def test_a_child_process_does_not_write_on_its_parents_connections(connect: Connect) -> None:
    with serving(always(answer(202))) as server:
        client = connect(server.address)
        client.send_mail(b"{}")
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if client.send_mail(b"{}").status == 202 else 2
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert server.connections == 2
        assert client.send_mail(b"{}").status == 202
        assert server.connections == 2


def test_tls_is_used_and_checked(connect: Connect) -> None:
    with serving(always(answer(202)), tls=server_context()) as server:
        result = connect(server.address).send_mail(b"{}")
        assert (result.status, result.phase, result.error) == (None, "not_connected", "tls_certificate")
        client = connect(server.address, tls=trusting_context())
        assert [client.send_mail(b"{}").status for _ in range(3)] == [202] * 3
        assert server.connections == 2


def test_a_server_without_tls_is_not_connected(connect: Connect) -> None:
    def handler(server: Server, connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer(400))

    with serving(handler) as server:
        result = connect(server.address.replace("http:", "https:")).send_mail(b"{}")
    assert (result.phase, result.error) == ("not_connected", "tls")


def test_a_tls_handshake_that_hangs_is_not_connected(connect: Connect) -> None:
    with serving(lambda server, connection: void(server.over.wait())) as server:
        result = connect(server.address.replace("http:", "https:"), connect_timeout=0.2).send_mail(b"{}")
    assert (result.phase, result.error) == ("not_connected", "timeout")


def test_a_reset_in_the_middle_of_the_body_over_tls_is_body_incomplete(connect: Connect) -> None:
    def handler(server: Server, connection: socket.socket) -> None:
        read_head(connection)
        reset(connection)

    with serving(handler, tls=server_context(), receive_buffer=65536) as server:
        result = connect(server.address, tls=trusting_context()).send_mail(LARGE)
    assert (result.status, result.phase) == (None, "body_incomplete")


def test_a_connection_closed_without_an_answer_over_tls_is_no_answer(connect: Connect) -> None:
    with serving(
        lambda server, connection: void(read_request(server, connection)), tls=server_context()
    ) as server:
        result = connect(server.address, tls=trusting_context()).send_mail(b"{}")
    assert (result.status, result.phase) == (None, "no_answer")


def test_a_line_break_in_a_header_is_not_sent(connect: Connect) -> None:
    with serving(always(answer(202))) as server:
        client = connect(server.address).api.client
        with pytest.raises(ValueError, match="control character"):
            client.scopes.get(request_headers={"X-A": "1\r\nX-B: 2"})
    assert server.connections == 0


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [
        ("https://api.sendgrid.com", (True, "api.sendgrid.com", 443)),
        ("https://api.eu.sendgrid.com/", (True, "api.eu.sendgrid.com", 443)),
        ("https://mail-proxy.internal:8443", (True, "mail-proxy.internal", 8443)),
        ("http://127.0.0.1:8025", (False, "127.0.0.1", 8025)),
        ("http://localhost:8025", (False, "localhost", 8025)),
        ("http://[::1]:8025", (False, "::1", 8025)),
    ],
)
def test_a_host_is_read(host: str, endpoint: tuple[bool, str, int]) -> None:
    read = parse_host(host)
    assert (read.tls, read.name, read.port) == endpoint


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("", "bad_host"),
        ("api.sendgrid.com", "bad_host"),
        ("ftp://api.sendgrid.com", "bad_host"),
        ("https://", "bad_host"),
        ("https://api.sendgrid.com/v3", "bad_host"),
        ("https://user:word@api.sendgrid.com", "bad_host"),
        ("https://api.sendgrid.com:99999", "bad_host"),
        ("https://[::1", "bad_host"),
        ("https://api sendgrid.com", "bad_host"),
        ("http://api.sendgrid.com", "http_not_allowed"),
        ("http://10.0.0.7:8025", "http_not_allowed"),
        ("http://localhost.example.com", "http_not_allowed"),
    ],
)
def test_a_host_that_cannot_be_used_is_refused(host: str, code: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_host(host)
    assert caught.value.code == code
    assert "SENDGRID_HOST" in caught.value.message


def void(_: object) -> None:
    """For handlers that are one expression."""
