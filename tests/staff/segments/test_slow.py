"""A count that takes too long is stopped, and says so; an older one of the same page ends."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.test import Client

from mailer.local.waiting import wait_until
from mailer.staff.people import finding
from mailer.staff.segments import live, overlap
from subscribers.segments.saving import save
from tests.newsroom import make_issue
from tests.roles import somebody

pytestmark = pytest.mark.django_db(transaction=True)
SG = {"version": 1, "field": "country", "is": "SG"}


@pytest.fixture
def unlock(client) -> Iterator[Callable[[], None]]:
    """Somebody else holds the table of subscribers, so that nothing in it can be counted, until this is called."""
    make_issue(suffix="ours")
    save("asia", SG)
    save("other", SG)
    client.force_login(somebody("marketer"))
    other = connections.create_connection("default")
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("LOCK TABLE subscribers_subscriber IN ACCESS EXCLUSIVE MODE")
        yield other.rollback
    finally:
        other.rollback()
        other.close()


@pytest.mark.usefixtures("unlock")
def test_what_takes_too_long_is_stopped_and_says_what_to_do(client, monkeypatch):
    for module in (live, overlap, finding):
        monkeypatch.setattr(module, "SECONDS", 0.05)
    counted = client.post("/staff/segments/count/", json.dumps({"rule": SG}), content_type="application/json")
    assert counted.status_code == 503
    assert counted.json()["message"].startswith("after 0.05 seconds it was not done and was stopped")
    compared = client.get("/staff/segments/overlap/?of=segment:asia&of=segment:other")
    assert compared.status_code == 200
    assert "They were not counted: after 0.05 seconds" in compared.text
    assert "After 0.05 seconds it was not done" in client.get("/staff/people/?list=weekly-ours").text


def test_a_newer_count_of_a_page_ends_the_older_one_and_no_other(client, unlock, monkeypatch):
    monkeypatch.setattr(live, "SECONDS", 60)

    def count(page: int) -> int:
        browser = Client()
        browser.cookies = client.cookies
        try:
            return browser.post(
                "/staff/segments/count/", {"rule": SG, "page": page}, content_type="application/json"
            ).status_code
        finally:
            connection.close()

    def waiting() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'count %' AND wait_event_type = 'Lock'"
                " AND datname = current_database()"
            )
            return int(cursor.fetchone()[0])

    with ThreadPoolExecutor(3) as pool:
        older = pool.submit(count, 1)
        other = pool.submit(count, 2)
        assert wait_until(lambda: waiting() == 2, 30)
        newer = pool.submit(count, 1)
        assert older.result(timeout=30) == 503
        unlock()
        assert (other.result(timeout=30), newer.result(timeout=30)) == (200, 200)
