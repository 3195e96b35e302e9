"""Saving as somebody types, as the builder's page asks for it, and who else is there."""

from urllib.parse import quote

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailer.delivery.models import Send
from mailer.issues.models import Issue, Version
from tests.newsroom import make_issue
from tests.roles import somebody
from tests.staff.builder.asking import at, document_of, post

pytestmark = pytest.mark.django_db


def test_what_is_written_is_saved(session, issue, editor):
    document = document_of(session, issue)
    document["issue"]["subject"] = "Written"
    document["stories"].append({**document["stories"][0], "id": "new-1", "headline": "Added"})
    answer = post(session, at("save", issue), {"base": 1, "document": document})
    assert answer.status_code == 200
    saved = answer.json()
    assert (saved["revision"], saved["merged"], list(saved["ids"])) == (2, None, ["new-1"])
    now = document_of(session, issue)
    assert (now["issue"]["subject"], now["edited_by"]) == ("Written", editor.username)
    assert now["stories"][-1] == {**document["stories"][-1], "id": saved["ids"]["new-1"]}


def test_two_editors_merge_or_are_told_of_the_conflict(issue):
    anna, ben = Client(), Client()
    for client in (anna, ben):
        client.force_login(somebody("editor", at=issue.newsletter, username=f"editor{id(client)}"))
    mine, theirs = document_of(anna, issue), document_of(ben, issue)
    story = mine["stories"][1]["id"]
    theirs["stories"][1]["headline"] = "Ben's"
    theirs["issue"]["intro"] = "Ben's"
    assert post(ben, at("save", issue), {"base": 1, "document": theirs}).status_code == 200
    mine["stories"][1]["body"] = "Anna's"
    saved = post(anna, at("save", issue), {"base": 1, "document": mine}).json()
    assert saved["merged"]["stories"][1]["headline"] == "Ben's"
    assert saved["merged"] == {key: document_of(anna, issue)[key] for key in ("revision", "issue", "stories")}
    mine["issue"]["intro"] = "Anna's"
    answer = post(anna, at("save", issue), {"base": 1, "document": mine})
    assert answer.status_code == 409
    conflict = answer.json()
    assert (conflict["code"], conflict["revision"], conflict["theirs"]["revision"]) == ("conflict", 3, 3)
    fields = {one["field"]: (one["mine"], one["theirs"]) for one in conflict["conflicts"]}
    assert fields == {
        "intro": ("Anna's", "Ben's"),
    }
    assert conflict["merged"]["stories"][1]["id"] == story
    assert Issue.objects.get(pk=issue.pk).revision == 3


def test_what_cannot_be_kept_is_refused_field_by_field(session, issue):
    document = document_of(session, issue)
    document["stories"][2]["headline"] = "x" * 301
    answer = post(session, at("save", issue), {"base": 1, "document": document})
    assert answer.status_code == 422
    key = document["stories"][2]["id"]
    [error] = answer.json()["errors"]
    assert (error["where"], error["field"], error["story"]) == (
        "story 3, headline",
        f"stories.{key}.headline",
        key,
    )
    for body in ({"document": document}, {"base": "1", "document": document}, {"base": 1, "backlog": 7}, []):
        assert post(session, at("save", issue), body).status_code in (400, 422)
    assert session.post(at("save", issue), "no json", content_type="application/json").status_code == 400
    assert Version.objects.count() == 0


def test_an_issue_that_is_going_out_is_read_only_and_can_be_copied(session, issue):
    document = document_of(session, issue)
    moment = timezone.now()
    Send.objects.create(
        issue=issue,
        mailing_list=issue.newsletter.mailing_list,
        planned_at=moment,
        candidates=0,
        started_at=moment,
    )
    answer = post(session, at("save", issue), {"base": 1, "document": document})
    assert (answer.status_code, answer.json()["code"]) == (423, "locked")
    page = session.get(f"/staff/issues/{issue.pk}/")
    assert page.context["settings"]["may_change"] is False
    assert "copy the issue" in page.context["locked"]
    copied = post(session, at("duplicate", issue))
    copy = Issue.objects.get(number=2)
    assert (copied.status_code, copied.json()["url"]) == (201, f"/staff/issues/{copy.pk}/")
    assert copy.stories.count() == 3


def test_who_is_signed_out_is_told_so_and_keeps_what_they_typed(client, issue):
    answer = post(client, at("save", issue), {"base": 1})
    assert (answer.status_code, answer.json()) == (401, {"code": "signed_out"})
    assert client.post(at("save", issue)).status_code == 302


def test_other_newsletters_editors_and_readers_cannot_write(client, issue):
    document = {"base": 1, "document": {}}
    client.force_login(somebody("editor", at=make_issue().newsletter))
    for name in ("save", "preview", "presence", "duplicate", "links"):
        assert post(client, at(name, issue), document).status_code == 403, name
    client.force_login(somebody("reader", at=issue.newsletter))
    for name in ("save", "duplicate", "links"):
        assert post(client, at(name, issue), document).status_code == 403, name
    assert client.get(f"/staff/issues/{issue.pk}/").context["may_change"] is False


def test_one_sitting_is_one_entry_of_the_audit_log(session, issue, editor):
    for subject in ("One", "Two", "Three"):
        document = document_of(session, issue)
        document["issue"]["subject"] = subject
        post(session, at("save", issue), {"base": document["revision"], "document": document})
    [entry] = LogEntry.objects.all()
    assert (entry.user, entry.object_id, entry.change_message) == (editor, str(issue.pk), "Wrote on it.")


def test_others_are_seen_and_so_is_ones_other_window(issue):
    anna, ben = (somebody("editor", at=issue.newsletter) for _ in range(2))
    first, second = Client(), Client()
    first.force_login(anna)
    second.force_login(ben)
    here = {"field": "stories.12.body", "client": "a"}
    assert post(first, at("presence", issue), here).json()["others"] == []
    seen = post(second, at("presence", issue), {"field": None, "client": "b"}).json()
    assert [(one["name"], one["field"]) for one in seen["others"]] == [(anna.username, "stories.12.body")]
    assert seen["revision"] == 1
    other_window = post(first, at("presence", issue), {"field": None, "client": "c"}).json()["others"]
    assert sorted(one["name"] for one in other_window) == sorted([ben.username, "You, in another window"])


def test_without_redis_nobody_is_seen_and_nothing_is_lost(session, issue, settings):
    from dataclasses import replace

    from mailer.issues.editing import presence

    presence._redis.cache_clear()
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, redis_url="redis://127.0.0.1:1/0")
    try:
        answer = post(session, at("presence", issue), {"field": "subject"})
    finally:
        presence._redis.cache_clear()
    assert (answer.status_code, answer.json()["others"]) == (200, [])


def test_nothing_changes_on_get(session, issue):
    for name in ("save", "preview", "presence", "duplicate", "links"):
        assert session.get(at(name, issue)).status_code == 405
    assert session.get(at("restore", issue, 1)).status_code == 405
    assert session.get("/staff/issues/new/").status_code == 405


@pytest.mark.parametrize("client_name", ["\ud800", "a\x00b", "\udfff" * 50, ["list"], {"a": 1}, 7, None])
def test_a_name_of_a_page_that_nothing_can_hold_harms_nothing(session, issue, client_name):
    document = document_of(session, issue)
    document["issue"]["subject"] = "Written \ud800 here"
    body = {"base": 1, "document": document, "client": client_name, "field": client_name}
    assert post(session, at("save", issue), body).status_code == 200
    assert document_of(session, issue)["issue"]["subject"] == "Written  here"
    assert post(session, at("presence", issue), body).status_code == 200


@pytest.mark.parametrize("slug", ["a\x00b", "", "../..", "\ud800"])
def test_no_issue_is_begun_of_a_newsletter_that_there_is_not(session, issue, slug):
    answer = session.post(
        reverse("staff:issue-new"),
        f"newsletter={quote(slug, errors='surrogatepass')}",
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.url == reverse("staff:issues")
    assert Issue.objects.count() == 1
