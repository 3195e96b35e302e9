"""Faults on order, seen from the other end of the socket."""

import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import orjson
import pytest

from mailer.emulator.faults import Fault, Faults
from tests.emulator.playground import Playground, mail, recipient, wait_for

LARGE = mail(content=[{"type": "text/plain", "value": "x" * 12_000_000}])


@contextmanager
def connected(emulator: Playground) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", emulator.server.port, timeout=10)
    try:
        yield connection
    finally:
        connection.close()


def start(connection: http.client.HTTPConnection, body: object) -> None:
    headers = {"Authorization": "Bearer SG.local", "Content-Type": "application/json"}
    connection.request("POST", "/v3/mail/send", orjson.dumps(body), headers)


def test_a_connection_serves_many_requests(emulator: Playground) -> None:
    with connected(emulator) as connection:
        ports = set()
        for number in range(3):
            start(connection, mail(recipient(f"r{number}@example.org")))
            response = connection.getresponse()
            response.read()
            assert response.status == 202
            ports.add(connection.sock.getsockname())
        assert len(ports) == 1


def test_a_rate_limit_says_when_it_ends(emulator: Playground) -> None:
    emulator.fault("rate_limit", seconds=30)
    answer = emulator.send(mail())
    assert (answer.status, answer.errors) == (429, [(None, "too many requests")])
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert 29 <= int(answer.headers["x-ratelimit-reset"]) - time.time() <= 31
    assert "retry-after" not in answer.headers
    assert emulator.send(mail()).status == 202


def test_a_rate_limit_may_keep_quiet_about_its_end(emulator: Playground) -> None:
    emulator.fault("rate_limit", reset_header=False)
    assert "x-ratelimit-reset" not in emulator.send(mail()).headers


@pytest.mark.parametrize(("status", "html"), [(500, True), (502, True), (503, False), (504, True)])
def test_a_server_error_takes_nothing(emulator: Playground, status: int, html: bool) -> None:
    emulator.fault("server_error", status=status)
    answer = emulator.send(mail())
    assert answer.status == status
    assert answer.body.startswith(b"<html>") is html
    assert emulator.messages() == []


def test_a_server_error_may_come_after_the_mail_was_taken(emulator: Playground) -> None:
    emulator.fault("server_error", accepted=True)
    assert emulator.send(mail()).status == 503
    assert len(emulator.messages()) == 1


@pytest.mark.parametrize("accepted", [False, True])
def test_a_hang_never_answers(emulator: Playground, accepted: bool) -> None:
    emulator.fault("hang", seconds=60, accepted=accepted)
    with connected(emulator) as connection:
        connection.timeout = 0.5
        start(connection, mail())
        with pytest.raises(TimeoutError):
            connection.getresponse()
    assert len(emulator.messages()) == int(accepted)


def test_a_hang_that_ends_closes_without_an_answer(emulator: Playground) -> None:
    emulator.fault("hang", seconds=0.01)
    with connected(emulator) as connection:
        start(connection, mail())
        with pytest.raises(http.client.RemoteDisconnected):
            connection.getresponse()


def test_a_reset_in_the_middle_of_the_body_takes_nothing(emulator: Playground) -> None:
    emulator.fault("reset_before")
    with connected(emulator) as connection, pytest.raises((ConnectionResetError, BrokenPipeError)):
        # Larger than both sides' socket buffers, so that the sender is still sending.
        start(connection, LARGE)
    assert emulator.messages() == []
    assert emulator.control("GET", "/summary")["answers"] == {"reset_before": 1}


def test_a_reset_after_acceptance_takes_the_mail(emulator: Playground) -> None:
    emulator.fault("reset_after")
    with connected(emulator) as connection:
        start(connection, mail())
        with pytest.raises(ConnectionResetError):
            connection.getresponse()
    assert len(emulator.messages()) == 1
    assert emulator.control("GET", "/summary")["answers"] == {"reset_after": 1}


def test_a_reset_is_a_tcp_reset(emulator: Playground) -> None:
    emulator.fault("reset_after")
    body = orjson.dumps(mail())
    head = (
        "POST /v3/mail/send HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer SG.local\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", emulator.server.port), timeout=10) as raw:
        raw.sendall(head.encode() + body)
        with pytest.raises(ConnectionResetError):
            raw.recv(1)


def test_a_message_id_may_be_missing(emulator: Playground) -> None:
    emulator.fault("no_message_id")
    answer = emulator.send(mail())
    assert answer.status == 202
    assert "x-message-id" not in answer.headers
    assert len(emulator.messages()) == 1


def test_a_recipient_is_refused_by_address_or_by_place(emulator: Playground) -> None:
    people = [recipient("a@example.org"), recipient("B@example.org"), recipient("c@example.org")]
    emulator.fault("reject_recipient", address="b@EXAMPLE.org")
    assert emulator.send(mail(recipient("else@example.org"))).status == 202
    assert emulator.send(mail(*people)).errors == [
        ("personalizations.1.to", "Does not contain a valid address.")
    ]
    emulator.fault("reject_recipient", index=2)
    assert emulator.send(mail(*people)).errors[0][0] == "personalizations.2.to"
    assert emulator.send(mail(*people)).status == 202


@pytest.mark.parametrize(
    ("kind", "status"),
    [("reject_unnamed", 400), ("unauthorized", 401), ("forbidden", 403), ("too_large", 413)],
)
def test_refusals_on_order_take_nothing(emulator: Playground, kind: str, status: int) -> None:
    emulator.fault(kind)
    answer = emulator.send(mail())
    assert answer.status == status
    if kind == "reject_unnamed":
        assert answer.errors == [(None, "Bad Request")]
    assert emulator.messages() == []


def test_latency_holds_the_answer_back(emulator: Playground) -> None:
    emulator.fault("latency", seconds=60)
    with connected(emulator) as connection:
        connection.timeout = 0.3
        start(connection, mail())
        with pytest.raises(TimeoutError):
            connection.getresponse()
    assert emulator.send(mail()).status == 202


def test_requests_that_latency_holds_back_hold_up_no_other(emulator: Playground) -> None:
    emulator.fault("latency", seconds=600, count=32)
    with ExitStack() as connections:
        for number in range(32):
            start(connections.enter_context(connected(emulator)), mail(recipient(f"r{number}@example.org")))
        wait_for(lambda: emulator.control("GET", "/faults")["faults"][0]["hits"] == 32)
        assert emulator.send(mail(recipient("other@example.org"))).status == 202
        assert [message["to"] for message in emulator.messages()] == ["other@example.org"]


def test_latency_adds_up_and_leaves_room_for_another_fault() -> None:
    faults = Faults()
    for kind, seconds in (("latency", 1.0), ("latency", 2.0), ("rate_limit", 5.0), ("hang", 1.0)):
        faults.add(Fault(kind, seconds=seconds))
    latency, fault = faults.strike("/v3/mail/send")
    assert (latency, fault.kind if fault else None) == (3.0, "rate_limit")


def test_a_fault_counts_and_skips(emulator: Playground) -> None:
    emulator.fault("server_error", count=2, skip=1)
    assert [emulator.send(mail()).status for _ in range(5)] == [202, 503, 503, 202, 202]
    (listed,) = emulator.control("GET", "/faults")["faults"]
    assert (listed["hits"], listed["spent"]) == (2, True)


def test_a_probability_with_a_seed_gives_the_same_sequence(emulator: Playground) -> None:
    runs = []
    for _ in range(2):
        emulator.fault("server_error", probability=0.5, seed=7)
        runs.append([emulator.send(mail()).status for _ in range(20)])
        emulator.control("DELETE", "/faults")
    assert runs[0] == runs[1]
    assert {202, 503} == set(runs[0])


def test_a_fault_lasts_until_it_is_cleared(emulator: Playground) -> None:
    number = emulator.control("POST", "/faults", {"kind": "unauthorized", "count": None})["id"]
    assert [emulator.send(mail()).status for _ in range(3)] == [401, 401, 401]
    emulator.control("DELETE", f"/faults/{number}")
    assert emulator.send(mail()).status == 202


def test_a_fault_may_strike_another_path(emulator: Playground) -> None:
    emulator.fault("server_error", path="/v3/logs", count=2)
    assert emulator.send(mail()).status == 202
    assert emulator.api("POST", "/v3/logs", {}).status == 503
    assert emulator.api("GET", "/v3/logs/x").status == 503
    assert emulator.api("GET", "/v3/logs/x").status == 404


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"kind": "earthquake"}, "unknown_kind"),
        ({"kind": "hang", "secs": 1}, "unknown_setting"),
        ({"kind": "hang", "seconds": "1"}, "wrong_type"),
        ({"kind": "hang", "seconds": -1}, "bad_number"),
        ({"kind": "server_error", "status": 418}, "bad_status"),
        ({"kind": "server_error", "probability": 2}, "bad_probability"),
        ({"kind": "reject_recipient"}, "which_recipient"),
        ([], "bad_json"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(emulator: Playground, order: object, code: str) -> None:
    answer = emulator.call("POST", "/control/faults", order, {"X-Emulator-Control": "1"})
    assert (answer.status, answer.json()["error"]["code"]) == (400, code)
    assert emulator.control("GET", "/faults") == {"faults": []}
