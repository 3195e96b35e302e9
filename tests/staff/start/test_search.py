"""The search over everything: what somebody may see, and nothing else."""

import pytest
from django.core.cache import cache

from subscribers.models import Segment
from tests.newsroom import make_issue, subscribe
from tests.roles import somebody

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_found_before():
    cache.clear()


def found(client, user, text):
    client.force_login(user)
    return client.get("/staff/search/", {"s": text, "extended": "1"}).text


def test_issues_are_found_by_subject_headline_and_number(client):
    issue = make_issue(subject="Rust belt and workshop")
    editor = somebody("editor")
    assert f"/staff/issues/{issue.pk}/" in found(client, editor, "workshop")
    assert f"/staff/issues/{issue.pk}/" in found(client, editor, "news about policy")
    assert "Rust belt" not in found(client, editor, "harbour")


def test_people_are_found_by_who_may_see_them_only(client):
    ours, theirs = make_issue(), make_issue()
    subscribe(ours.newsletter.mailing_list, "anna.lee@example.org")
    subscribe(theirs.newsletter.mailing_list, "anna.ray@example.org")
    text = found(client, somebody("marketer", at=ours.newsletter), "anna")
    assert "anna.lee@example.org" in text
    assert "anna.ray@example.org" not in text
    assert "anna.ray@example.org" in found(client, somebody("marketer"), "anna")
    assert "anna." not in found(client, somebody("reader"), "anna")


def test_segments_newsletters_and_pages_are_found(client):
    issue = make_issue(suffix="harbour")
    Segment.objects.create(
        slug="asia", name="Readers in Asia", rule={"version": 1, "field": "country", "is": "SG"}
    )
    marketer = somebody("marketer")
    assert "Readers in Asia" in found(client, marketer, "asia")
    assert f"/staff/issues/newsletter/{issue.newsletter_id}/report/" in found(client, marketer, "harbour")
    assert "Themes" in found(client, marketer, "themes")


@pytest.mark.parametrize("text", ["a", "%", "\0\0", "x" * 5000, "<script>alert(1)</script>", "9" * 30])
def test_any_text_gets_an_answer(client, text):
    make_issue()
    client.force_login(somebody("administrator"))
    assert client.get("/staff/search/", {"s": text, "extended": "1"}).status_code == 200
