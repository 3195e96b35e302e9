"""Whether the site says that it works."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test import Client

from mailer.local.ports import free_port


@contextmanager
def database_away() -> Iterator[None]:
    """Nobody listens where the database should be."""
    settings = connection.settings_dict
    before = {name: settings[name] for name in ("HOST", "PORT")}
    connection.close()
    settings.update(HOST="127.0.0.1", PORT=str(free_port()))
    try:
        yield
    finally:
        connection.close()
        settings.update(before)


@pytest.mark.django_db
def test_it_answers_200_while_the_database_does(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert not answer.cookies


@pytest.mark.django_db(transaction=True)
def test_it_answers_503_while_the_database_is_away_and_200_again_when_it_is_back():
    client = Client(raise_request_exception=False)
    with database_away():
        answer = client.get("/healthz")
        assert (answer.status_code, answer.content) == (503, b"the database does not answer\n")
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_it_is_only_read(client):
    assert client.post("/healthz").status_code == 405
    assert client.head("/healthz").status_code == 200
