"""The preview: what a reader would get of what is being written."""

import pytest
from django.db import connection

from mailer.issues.models import Story
from mailer.staff.builder import links, previewing
from subscribers.models import Subscriber, Topic
from tests.newsroom import make_issue, subscribe
from tests.roles import somebody
from tests.staff.builder.asking import at, document_of, post

pytestmark = pytest.mark.django_db


@pytest.fixture
def look(session, issue):
    """Ask for a preview of the document as it is saved, with some of it changed."""

    def ask(whom=None, change=lambda document: None):
        document = document_of(session, issue)
        change(document)
        answer = post(
            session, at("preview", issue), {"document": document, "as": whom or {"kind": "example"}}
        )
        assert answer.status_code == 200, answer.content
        return answer.json()

    return ask


def keys(issue):
    return list(issue.stories.order_by("position").values_list("pk", flat=True))


def test_the_example_reader_gets_everything_with_their_name(look, issue):
    seen = look()
    assert seen["subject"] == "Ada, your week"
    assert seen["from"] == "The Weekly <weekly@news.example.com>"
    assert seen["stories"] == keys(issue)
    assert "Dear Ada," in seen["text"]
    assert "#preview" in seen["html"]
    assert (seen["excluded"], seen["errors"]) == (None, [])
    assert seen["size"] > 5_000


def test_everyone_gets_the_defaults(look):
    assert look({"kind": "everyone"})["subject"] == "Hello, your week"


def test_topics_choose_the_stories_as_a_send_does(look, issue):
    policy = Topic.objects.get(slug="policy")
    assert look({"kind": "topics", "topics": [policy.pk]})["stories"] == keys(issue)[1:2]
    new = Topic.objects.create(slug="new", name="New")
    seen = look({"kind": "topics", "topics": [new.pk]})
    assert seen["excluded"] == "would get nothing: no story on their topics"
    assert (seen["html"], seen["stories"]) == (None, [])


def test_a_person_gets_their_stories_and_their_values(look, issue):
    [person] = subscribe(
        issue.newsletter.mailing_list, "mei@example.org", topics=["ai", "travel"], first_name="Mei <b>"
    )
    seen = look({"kind": "person", "person": person.pk})
    assert seen["subject"] == "Mei <b>, your week"
    assert "Dear Mei &lt;b&gt;," in seen["html"]
    assert seen["stories"] == [keys(issue)[0], keys(issue)[2]]


def test_people_of_other_newsletters_are_not_shown(session, issue):
    other = make_issue()
    [theirs] = subscribe(other.newsletter.mailing_list, "secret@example.org")
    [ours] = subscribe(issue.newsletter.mailing_list, "seen@example.org", topics=["ai"], first_name="Ann")
    body = {"document": document_of(session, issue), "as": {"kind": "person", "person": theirs.pk}}
    assert post(session, at("preview", issue), body).status_code == 403
    found = session.get(at("people", issue), {"q": "example.org"}).json()
    assert found == [{"id": ours.pk, "label": "Ann · seen@example.org", "topics": ["Ai"]}]


def test_who_may_see_no_addresses_searches_nobody(client, issue):
    [person] = subscribe(issue.newsletter.mailing_list, "seen@example.org")
    client.force_login(somebody("reader", at=issue.newsletter))
    assert client.get(at("people", issue), {"q": "seen"}).status_code == 403
    body = {"document": document_of(client, issue), "as": {"kind": "person", "person": person.pk}}
    assert post(client, at("preview", issue), body).status_code == 403
    assert Subscriber.objects.count() == 1


def test_what_is_not_saved_is_seen_and_what_is_hidden_is_not(look, issue):
    def change(document):
        document["issue"]["subject"] = "Not saved"
        document["stories"][0]["hidden"] = True
        document["stories"].append(
            {**document["stories"][1], "id": "new-7", "headline": "Brand new", "link": "https://n.example/"}
        )

    seen = look(change=change)
    assert seen["subject"] == "Not saved"
    assert seen["stories"] == [*keys(issue)[1:], "new-7"]
    assert "Brand new" in seen["html"]
    assert Story.objects.count() == 3


def test_findings_lead_to_their_fields_also_behind_a_hidden_story(look, issue):
    def change(document):
        document["stories"][0]["hidden"] = True
        document["stories"][2]["body"] = "Fine.\n\n[nowhere]()"

    [finding] = look(change=change)["findings"]
    assert (finding["level"], finding["where"]) == ("error", "story 2, body, line 3")
    assert (finding["field"], finding["line"]) == (f"stories.{keys(issue)[2]}.body", 3)


def test_what_cannot_be_built_says_why_and_where(look, issue):
    seen = look(change=lambda document: document["stories"][1].update(headline="{{ subscriber.x"))
    assert seen["html"] is None
    [error] = seen["errors"]
    assert (error["field"], error["code"]) == (f"stories.{keys(issue)[1]}.headline", "tag_syntax")


def test_whom_it_is_for_has_to_be_said(session, issue):
    document = document_of(session, issue)
    for whom in ({"kind": "x"}, {"kind": "person"}, {"kind": "topics", "topics": "1"}):
        assert post(session, at("preview", issue), {"document": document, "as": whom}).status_code == 400


@pytest.mark.parametrize(("name", "lock"), [("preview", previewing.LOCK), ("links", links.LOCK)])
def test_a_user_has_one_at_a_time_and_who_is_killed_leaves_none_behind(session, editor, issue, name, lock):
    document = document_of(session, issue)
    document["stories"] = []
    older = connection.copy()
    with older.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [lock, editor.pk])
    answer = post(session, at(name, issue), {"document": document})
    assert (answer.status_code, answer.json()["code"]) == (429, "busy")
    older.close()
    assert post(session, at(name, issue), {"document": document}).status_code == 200
