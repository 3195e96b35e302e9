"""Posts to the webhook of a real web process: what is forged, cut off, endless or ill-made; and PostgreSQL gone."""

import socket
from collections.abc import Mapping
from http.client import HTTPConnection

import orjson
import pytest
from django.db import connection

from mailer.tracking.fold import fold_events
from mailer.tracking.models import Event, Post
from tests.installation import Installation
from tests.tracking.posts import PATH, headers, public, sign

pytestmark = pytest.mark.xdist_group("database")

LIMIT = 20
"""Seconds for an answer."""
SOMEBODYS = sign(b"another body")
"""A signature, of something else."""


def event(number: int) -> dict[str, object]:
    return {"event": "processed", "sg_event_id": f"event-{number}", "timestamp": 1772442000}


def post(installation: Installation, number: int) -> int:
    """A good post with one event. Returns the status of the answer."""
    body = orjson.dumps([event(number)])
    connection = HTTPConnection("127.0.0.1", installation.web_port, timeout=LIMIT)
    try:
        connection.request("POST", PATH, body, {"Content-Type": "application/json", **sign(body)})
        return connection.getresponse().status
    finally:
        connection.close()


def raw(installation: Installation, lines: Mapping[str, str], begin: bytes = b"") -> socket.socket:
    """A connection on which the headers of a post, and the beginning of its body, have been sent."""
    opened = socket.create_connection(("127.0.0.1", installation.web_port), timeout=LIMIT)
    head = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "127.0.0.1", **lines}.items())
    opened.sendall(f"POST {PATH} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + begin)
    return opened


def status(opened: socket.socket) -> int:
    """The status of the answer, though the body has not been sent."""
    return int(opened.recv(4096).split(b" ", 2)[1])


def test_bad_posts_are_refused_by_their_headers_and_harm_nobody(installation):
    installation.environment["SENDGRID_WEBHOOK_KEYS"] = public()
    installation.start("web")
    huge = {"Content-Length": "400000000"}
    stretched = headers("A" * 4_000, "1772442000")
    for lines, expected in (
        (huge, 403),
        ({**huge, **headers("bm8gc2lnbmF0dXJl", "1772442000")}, 403),
        ({**huge, **stretched}, 403),
        ({**huge, **SOMEBODYS}, 413),
        ({"Transfer-Encoding": "chunked", **SOMEBODYS}, 411),
        ({"Content-Length": "-1", **SOMEBODYS}, 400),
    ):
        with raw(installation, lines) as opened:
            assert status(opened) == expected, lines
    with raw(installation, {"Content-Length": "1000", **SOMEBODYS}, b'[{"event":"open"}') as opened:
        opened.shutdown(socket.SHUT_WR)
    with raw(installation, {"Content-Length": "5", **SOMEBODYS}, b"[]   GET / HTTP/1.1\r\n\r\n") as opened:
        assert status(opened) == 403
    assert post(installation, 1) == 204
    assert Post.objects.count() == 1


def read_only(change: str) -> None:
    """Change the setting of the database, for connections to come."""
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = off")
        cursor.execute(
            f"ALTER DATABASE {connection.ops.quote_name(str(connection.settings_dict['NAME']))} {change}"
        )


def test_while_postgresql_cannot_store_events_sendgrid_keeps_them(installation, postgres):
    installation.environment["SENDGRID_WEBHOOK_KEYS"] = public()
    installation.start("web")
    assert post(installation, 1) == 204
    read_only("SET default_transaction_read_only = on")
    postgres.cut_connections()
    assert post(installation, 2) == 503
    connection.close()
    read_only("RESET default_transaction_read_only")
    connection.close()
    postgres.stop()
    assert post(installation, 3) == 503
    postgres.start()
    assert post(installation, 4) == 204
    connection.close()
    while fold_events():
        pass
    assert set(Event.objects.values_list("sg_event_id", flat=True)) == {"event-1", "event-4"}
