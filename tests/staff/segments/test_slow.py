"""A count that takes too long is stopped, and says so."""

import json

import pytest
from django.db import connections

from mailer.staff.people import finding
from mailer.staff.segments import live, overlap
from subscribers.segments.saving import save
from tests.newsroom import make_issue
from tests.roles import somebody

SG = {"version": 1, "field": "country", "is": "SG"}


@pytest.fixture
def _locked(client):
    """Somebody else holds the table of subscribers, so that nothing in it can be counted."""
    make_issue(suffix="ours")
    save("asia", SG)
    save("other", SG)
    client.force_login(somebody("marketer"))
    other = connections.create_connection("default")
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("LOCK TABLE subscribers_subscriber IN ACCESS EXCLUSIVE MODE")
        yield
    finally:
        other.rollback()
        other.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_locked")
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
