"""The calls beside mail/send: any call, the logs, the suppression lists."""

from datetime import UTC, datetime, timedelta, timezone
from socket import socket
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from mailer.sendgrid.answer import Answer
from mailer.sendgrid.errors import CallFailed, SendGridError
from mailer.sendgrid.logs import LoggedMessage, custom_args, find_messages, query
from mailer.sendgrid.suppressions import PAGE, Suppressed, pull, remove, suppress_globally
from tests.sendgrid.conftest import Connect
from tests.sendgrid.wire import Handler, Server, always, answer, json_answer, read_request, serving


def test_a_call_brings_json(connect: Connect) -> None:
    with serving(always(json_answer(200, {"scopes": ["mail.send"]}))) as server:
        assert connect(server.address).call("get", "scopes") == {"scopes": ["mail.send"]}
    assert server.requests[0].line == "GET /v3/scopes HTTP/1.1"
    assert "content-length" not in server.requests[0].headers


def test_path_segments_and_queries_are_quoted(connect: Connect) -> None:
    with serving(always(answer(204))) as server:
        assert connect(server.address).call("get", "logs", "a/b?c d", query={"q": "x y&z"}) is None
    assert server.requests[0].line == "GET /v3/logs/a%2Fb%3Fc%20d?q=x+y%26z HTTP/1.1"


@pytest.mark.parametrize(
    ("wire", "code", "status", "until"),
    [
        (json_answer(403, {"errors": [{"message": "access forbidden"}]}), "http_403", 403, None),
        (json_answer(429, {}, X_RateLimit_Reset="1764000000"), "http_429", 429, 1764000000),
        (answer(502, b"<html>"), "http_502", 502, None),
        (answer(302, Location="/x"), "http_302", 302, None),
        (answer(200, b"<html>"), "not_json", 200, None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[1", "no_answer", 200, None),
        (b"", "no_answer", None, None),
    ],
)
def test_a_call_that_fails_says_how(
    connect: Connect, wire: bytes, code: str, status: int | None, until: int | None
) -> None:
    def handler(server: Server, connection: socket) -> None:
        read_request(server, connection)
        connection.sendall(wire)

    with serving(handler) as server, pytest.raises(CallFailed) as caught:
        connect(server.address).call("get", "scopes")
    assert (caught.value.code, caught.value.status, caught.value.until) == (code, status, until)
    assert "GET /v3/scopes" in caught.value.message


def test_a_query_of_the_logs_joins_its_conditions() -> None:
    since = datetime(2026, 11, 23, 9, 30, tzinfo=timezone(timedelta(hours=1)))
    assert query(
        to_email="o'neil@example.com",
        categories=["a", "b"],
        since=since,
        until=datetime(2026, 12, 1, tzinfo=UTC),
    ) == (
        "to_email=\"o'neil@example.com\" AND categories IN ('a', 'b')"
        ' AND sg_message_id_created_at>=TIMESTAMP "2026-11-23T08:30:00Z"'
        ' AND sg_message_id_created_at<TIMESTAMP "2026-12-01T00:00:00Z"'
    )


def test_a_query_that_could_mean_something_else_is_refused() -> None:
    for arguments in [
        {},
        {"to_email": 'a" OR to_email="b'},
        {"to_email": "a\\"},
        {"to_email": "a\nb"},
        {"categories": ["it's"]},
        {"since": datetime(2026, 1, 1)},
    ]:
        with pytest.raises(SendGridError) as caught:
            query(**arguments)  # type: ignore[arg-type]
        assert caught.value.code == "bad_query"


def test_messages_are_found_in_the_logs(connect: Connect) -> None:
    rows = [
        {
            "from_email": "news@example.org",
            "sg_message_id": "abc.recvd-1.0",
            "subject": "x",
            "to_email": "ann@example.com",
            "status": "delivered",
            "sg_message_id_created_at": "2026-11-23T08:30:00Z",
        },
        {"sg_message_id": "def.recvd-1.0", "to_email": None},
        {"sg_message_id": None},
        None,
    ]
    with serving(always(json_answer(200, {"messages": rows}))) as server:
        found = find_messages(connect(server.address), 'to_email="ann@example.com"', 3)
    assert found == (
        LoggedMessage("abc.recvd-1.0", "ann@example.com", "delivered", "2026-11-23T08:30:00Z"),
        LoggedMessage("def.recvd-1.0", "", "", ""),
    )
    assert "ann@" not in repr(found)
    assert server.requests[0].line == "POST /v3/logs HTTP/1.1"
    assert orjson.loads(server.requests[0].body) == {"query": 'to_email="ann@example.com"', "limit": 3}


@pytest.mark.parametrize(
    ("wire", "found"),
    [
        (json_answer(200, {"custom_args": {"m_submission": "9", "n": 3}}), {"m_submission": "9"}),
        (json_answer(200, {"custom_args": None}), {}),
        (json_answer(200, {}), {}),
        (json_answer(404, {"errors": [{"message": "not found"}]}), None),
    ],
)
def test_custom_args_of_a_message_are_the_evidence(
    connect: Connect, wire: bytes, found: dict[str, str] | None
) -> None:
    with serving(always(wire)) as server:
        assert custom_args(connect(server.address), "abc.recvd-1.0") == found
    assert server.requests[0].line == "GET /v3/logs/abc.recvd-1.0 HTTP/1.1"


def test_trouble_with_the_logs_is_not_taken_for_absence(connect: Connect) -> None:
    with serving(always(json_answer(403, {}), json_answer(200, []))) as server:
        client = connect(server.address)
        with pytest.raises(CallFailed):
            custom_args(client, "abc")
        with pytest.raises(CallFailed):
            find_messages(client, "x")


def listing(entries: list[dict[str, object]]) -> Handler:
    """A suppression list as SendGrid serves it: times inclusive, at most 500 entries from an offset."""

    def handler(server: Server, connection: socket) -> None:
        while True:
            request = read_request(server, connection)
            asked = {
                name: int(values[0])
                for name, values in parse_qs(urlsplit(request.line.split()[1]).query).items()
            }
            span = range(asked["start_time"], asked["end_time"] + 1)
            rows = [entry for entry in entries if entry["created"] in span]
            connection.sendall(json_answer(200, rows[asked["offset"] :][: asked["limit"]]))

    return handler


@pytest.mark.parametrize(
    "times",
    [
        [],
        [100, 100, 200],
        list(range(100, 100 + PAGE)),
        list(range(100, 100 + 3 * PAGE)),
        [150] * (2 * PAGE) + [151] * (PAGE - 1) + [152],
        [99, 5001],
    ],
    ids=["none", "few", "a full page", "spread", "more than a page in one second", "outside"],
)
def test_a_list_is_read_whole_and_once_whatever_its_size(connect: Connect, times: list[int]) -> None:
    entries: list[dict[str, object]] = [
        {"email": f"a{number}@example.com", "created": time, "reason": "550 no", "status": "5.1.1"}
        for number, time in enumerate(times)
    ]
    with serving(listing(entries)) as server:
        pages = list(pull(connect(server.address), "bounces", 100, 5000))
    read = [entry for page in pages for entry in page.entries]
    expected = [
        Suppressed(str(entry["email"]), time, "550 no", "5.1.1")
        for entry, time in zip(entries, times, strict=True)
        if 100 <= time <= 5000
    ]
    assert read == expected
    assert (pages[0].start, pages[-1].end) == (100, 5000)
    assert all(len(page.entries) <= PAGE for page in pages)
    assert server.requests[0].line.startswith("GET /v3/suppression/bounces?")


@pytest.mark.parametrize("rows", [{}, [{"email": "a@example.com"}], [{"created": 1}], ["x"]])
def test_a_list_in_another_shape_is_an_error_not_an_empty_list(connect: Connect, rows: object) -> None:
    with serving(always(json_answer(200, rows))) as server, pytest.raises(CallFailed) as caught:
        list(pull(connect(server.address), "blocks", 0, 10))
    assert caught.value.code == "unexpected"


def test_addresses_are_suppressed_globally_a_thousand_at_a_time(connect: Connect) -> None:
    emails = [f"a{number}@example.com" for number in range(1500)]
    with serving(always(json_answer(201, {}))) as server:
        suppress_globally(connect(server.address), emails)
    assert {request.line for request in server.requests} == {"POST /v3/asm/suppressions/global HTTP/1.1"}
    sent = [orjson.loads(request.body)["recipient_emails"] for request in server.requests]
    assert [len(each) for each in sent] == [1000, 500]
    assert [email for each in sent for email in each] == emails


def test_an_entry_without_address_or_time_is_left_out_and_counted(connect: Connect) -> None:
    rows: list[object] = [
        {"email": "a@example.com", "created": 5},
        {"email": "b@example.com"},
        "x",
        {"created": 1},
    ]
    with serving(always(json_answer(200, rows))) as server:
        (page,) = pull(connect(server.address), "bounces", 0, 10)
    assert ([entry.email for entry in page.entries], page.odd) == (["a@example.com"], 3)


@pytest.mark.parametrize("created", [-5, 11, 10**30])
def test_entries_of_another_time_than_asked_for_are_an_error(connect: Connect, created: int) -> None:
    rows = [{"email": "a@example.com", "created": min(created, 2**63 - 1)}]
    with serving(always(json_answer(200, rows))) as server, pytest.raises(CallFailed) as caught:
        list(pull(connect(server.address), "bounces", 0, 10))
    assert caught.value.code == "unexpected"


def test_a_server_that_gives_the_same_full_page_for_ever_is_an_error(connect: Connect) -> None:
    rows = [{"email": f"a{number}@example.com", "created": 7} for number in range(PAGE)]
    with serving(always(json_answer(200, rows))) as server, pytest.raises(CallFailed) as caught:
        list(pull(connect(server.address), "bounces", 7, 7))
    assert caught.value.code == "unexpected"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("bounces", "DELETE /v3/suppression/bounces/a%2Fb%40example.com HTTP/1.1"),
        ("unsubscribes", "DELETE /v3/asm/suppressions/global/a%2Fb%40example.com HTTP/1.1"),
    ],
)
def test_an_address_is_removed_from_a_list(connect: Connect, name, line: str) -> None:
    with serving(always(answer(204))) as server:
        assert remove(connect(server.address), name, "a/b@example.com")
    assert server.requests[0].line == line


def test_an_address_that_is_not_there_is_no_error_but_a_refusal_is(connect: Connect) -> None:
    with serving(always(json_answer(404, {"errors": []}))) as server:
        assert not remove(connect(server.address), "bounces", "a@example.com")
    with serving(always(json_answer(403, {"errors": []}))) as server, pytest.raises(CallFailed):
        remove(connect(server.address), "bounces", "a@example.com")


def test_an_observer_is_told_of_every_request_with_its_path_its_answer_and_its_seconds(
    connect: Connect,
) -> None:
    seen: list[tuple[tuple[str, ...], int | None, str]] = []

    def observe(path: tuple[str, ...], found: Answer, seconds: float) -> None:
        assert seconds > 0
        seen.append((path, found.status, found.phase))

    with serving(always(answer(202))) as server:
        connect(server.address, observer=observe).send_mail({"from": "a"})
    client = connect(server.address, observer=observe)
    with pytest.raises(CallFailed):
        client.call("delete", "suppression", "bounces", "mei@example.org")
    assert seen == [
        (("mail", "send"), 202, "answered"),
        (("suppression", "bounces", "mei%40example.org"), None, "not_connected"),
    ]
