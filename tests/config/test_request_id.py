"""The id of a web request."""

import re

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from structlog.contextvars import get_contextvars

from mailer.config.request_id import with_request_id


def test_each_request_has_an_id_of_its_own_in_its_log_lines_and_in_its_answer():
    seen: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(get_contextvars()["request"])
        return HttpResponse()

    ask = with_request_id(view)
    first, second = (ask(RequestFactory().get("/")).headers["X-Request-ID"] for _ in range(2))
    assert seen == [first, second]
    assert first != second
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert "request" not in get_contextvars()


@pytest.mark.django_db
def test_an_id_that_somebody_sends_is_not_taken(client):
    answer = client.get("/healthz", headers={"X-Request-ID": "0" * 32})
    assert answer.headers["X-Request-ID"] != "0" * 32
