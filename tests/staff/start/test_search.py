"""The search over everything: what somebody may see, and nothing else."""

import pytest

from mailer.staff.models import Role
from subscribers.models import Segment
from tests.newsroom import crowd, make_issue, subscribe
from tests.roles import somebody

pytestmark = pytest.mark.django_db


def found(client, user, text):
    client.force_login(user)
    return client.get("/staff/search/", {"s": text, "extended": "1"}).text


def test_issues_are_found_by_subject_headline_and_number(client):
    issue = make_issue(subject="Rust belt and workshop")
    editor = somebody("editor")
    assert f"/staff/issues/{issue.pk}/" in found(client, editor, "workshop")
    assert f"/staff/issues/{issue.pk}/" in found(client, editor, "news about policy")
    assert f"/staff/issues/{issue.pk}/" in found(client, editor, f"{issue.newsletter.slug} 1")
    assert f"/staff/issues/{issue.pk}/" in found(client, editor, str(issue))
    assert "Rust belt" not in found(client, editor, "harbour")
    assert "No issue, person or segment has “harbour” in it" in found(client, editor, "harbour")


def test_people_are_found_by_who_may_see_them_only(client):
    ours, theirs = make_issue(), make_issue()
    subscribe(ours.newsletter.mailing_list, "anna.lee@example.org")
    subscribe(theirs.newsletter.mailing_list, "anna.ray@example.org")
    text = found(client, somebody("marketer", at=ours.newsletter), "anna")
    assert "anna.lee@example.org" in text
    assert "anna.ray@example.org" not in text
    assert "anna.ray@example.org" in found(client, somebody("marketer"), "anna")
    assert "anna." not in found(client, somebody("reader"), "anna")


def test_where_more_people_are_found_than_are_listed_all_of_them_are_a_step_away(client):
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, 7, first_name="Emma")
    assert "/staff/people/?q=emma" in found(client, somebody("marketer"), "emma")


def test_segments_newsletters_and_pages_are_found(client):
    issue = make_issue(suffix="harbour")
    Segment.objects.create(
        slug="asia", name="Readers in Asia", rule={"version": 1, "field": "country", "is": "SG"}
    )
    marketer = somebody("marketer")
    assert "Readers in Asia" in found(client, marketer, "asia")
    assert f"/staff/reports/newsletters/{issue.newsletter_id}/" in found(client, marketer, "harbour")
    assert "Themes" in found(client, marketer, "themes")


def test_whose_role_was_taken_away_finds_nobody_any_more(client):
    subscribe(make_issue().newsletter.mailing_list, "anna.lee@example.org")
    marketer = somebody("marketer")
    assert "anna.lee@example.org" in found(client, marketer, "anna")
    Role.objects.filter(user=marketer).delete()
    assert "anna.lee@example.org" not in found(client, marketer, "anna")


@pytest.mark.usefixtures("redis_away")
@pytest.mark.parametrize("page", ["0", "3", "x", "٣"])
def test_one_page_holds_all_whichever_is_asked_for_and_redis_is_not_asked(client, page):
    make_issue(subject="Rust belt")
    client.force_login(somebody("editor"))
    assert "Rust belt" in client.get("/staff/search/", {"s": "rust", "extended": "1", "page": page}).text


@pytest.mark.parametrize("text", ["a", "%", "x" * 5000, "<script>alert(1)</script>", "9" * 18, "9" * 30])
def test_any_text_gets_an_answer(client, text):
    make_issue()
    client.force_login(somebody("administrator"))
    assert client.get("/staff/search/", {"s": text, "extended": "1"}).status_code == 200
