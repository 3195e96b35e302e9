"""What pages answer while PostgreSQL does not."""

import pytest
from django.test import Client

from tests.health.test_healthz import database_away


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("address", ["/staff/", "/archive/weekly"])
def test_pages_say_that_the_database_is_away_and_when_to_come_back(address):
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = "a" * 32
    with database_away():
        answer = client.get(address)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "Try again in a minute" in answer.text
    assert "Content-Security-Policy" in answer.headers
