"""The list of issues, new ones, copies, versions and the backlog beside an issue."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from mailer.delivery.models import Approval, Batch, Send
from mailer.delivery.standing import standing, with_sends
from mailer.issues.models import Feed, FeedEntry, Issue, Story
from subscribers.models import Topic
from tests.newsroom import make_issue
from tests.roles import somebody
from tests.staff.builder.asking import at, document_of, post

pytestmark = pytest.mark.django_db
ISSUES = "/staff/issues/"
HOSTILE = "<script>alert(1)</script>"


def word_of(issue):
    return standing(with_sends(Issue.objects.filter(pk=issue.pk)).get()).word


def test_the_list_shows_the_issues_of_ones_newsletters_and_how_each_stands(session, issue):
    other = make_issue(subject="Of another newsletter")
    Issue.objects.filter(pk=issue.pk).update(subject=HOSTILE)
    text = session.get(ISSUES).text
    assert f'href="/staff/issues/{issue.pk}/"' in text
    assert "Draft" in text
    assert HOSTILE not in text
    assert other.subject not in text
    assert "New issue" in text


def test_who_may_only_read_is_offered_no_new_issue(client, issue):
    client.force_login(somebody("reader", at=issue.newsletter))
    text = client.get(ISSUES).text
    assert f'href="/staff/issues/{issue.pk}/"' in text
    assert "New issue" not in text
    assert client.post(f"{ISSUES}new/", {"newsletter": issue.newsletter.slug}).status_code == 403


def test_issues_are_found_by_number_subject_and_headline(session, issue):
    for number in range(2, 12):
        Issue.objects.create(
            newsletter=issue.newsletter, number=number, date=issue.date, subject=f"Week {number}"
        )
    lines = lambda **asked: [  # noqa: E731
        line.issue.number for shelf in session.get(ISSUES, asked).context["shelves"] for line in shelf.lines
    ]
    assert lines() == [11, 10, 9, 8]
    assert lines(newsletter=issue.newsletter.slug) == list(range(11, 0, -1))
    assert lines(q="7") == [7]
    assert lines(q="policy news") == [1]
    assert lines(q="nothing like it") == []
    assert session.get(ISSUES, {"q": "a\x00b", "page": "x", "newsletter": "none"}).status_code == 200


def test_an_issue_stands_where_its_send_stands(issue, editor):
    assert word_of(issue) == "draft"
    approval = Approval.objects.create(issue=issue, fingerprint="f", audience="all", asked_by=editor)
    assert word_of(issue) == "asked"
    approver = somebody("approver")
    approval.answer, approval.answered_by, approval.answered_at = "approved", approver, timezone.now()
    approval.save()
    assert word_of(issue) == "ready"
    Issue.objects.filter(pk=issue.pk).update(edited_at=timezone.now() + timedelta(seconds=1))
    assert word_of(issue) == "draft"
    moment = timezone.now()
    send = Send.objects.create(
        issue=issue,
        mailing_list=issue.newsletter.mailing_list,
        planned_at=moment,
        candidates=1,
        scheduled_at=moment + timedelta(days=1),
    )
    assert word_of(issue) == "ready"
    Batch.objects.create(
        send=send,
        subscriber_ids=[1],
        due_at=send.scheduled_at,
        edition=send.editions.create(story_ids=[], language="en", subject="s", html="h", text="t", tags=[]),
    )
    steps = [
        ({"started_at": moment}, "scheduled"),
        ({"paused_at": moment}, "paused"),
        ({"cancelled_at": moment}, "cancelled"),
        ({"cancelled_at": None, "paused_at": None}, "scheduled"),
    ]
    for changed, word in steps:
        Send.objects.filter(pk=send.pk).update(**changed)
        assert word_of(issue) == word
    Batch.objects.update(due_at=moment)
    assert word_of(issue) == "sending"
    Batch.objects.update(state="accepted", submission_id="0b5a0c1e-0000-4000-8000-000000000000")
    assert word_of(issue) == "sent"
    Send.objects.update(paused_at=moment)
    assert word_of(issue) == "sent"


def test_a_new_issue_is_begun_from_the_last_one_or_empty(session, issue):
    answer = session.post(f"{ISSUES}new/", {"newsletter": issue.newsletter.slug})
    begun = Issue.objects.get(number=2)
    assert answer.url == f"{ISSUES}{begun.pk}/"
    assert begun.intro == issue.intro
    session.post(f"{ISSUES}new/", {"newsletter": issue.newsletter.slug, "like": "empty"})
    assert Issue.objects.get(number=3).intro == ""
    assert list(LogEntry.objects.values_list("change_message", flat=True)) == ["Began it."] * 2
    assert session.post(f"{ISSUES}new/", {"newsletter": "none"}).url == ISSUES
    assert session.post(f"{ISSUES}new/", {"newsletter": make_issue().newsletter.slug}).status_code == 403


def test_a_copy_is_asked_for_by_a_button_too(session, issue):
    answer = session.post(at("duplicate", issue))
    assert answer.url == f"{ISSUES}{Issue.objects.get(number=2).pk}/"
    assert LogEntry.objects.get().change_message == f"Copied it from {issue}."


def test_a_draft_is_deleted_and_what_was_sent_is_not(session, issue):
    begun = Issue.objects.create(newsletter=issue.newsletter, number=2, date=issue.date, subject="A slip")
    story = Story.objects.create(issue=begun, position=1, headline="Of it", body="")
    story.topics.add(issue.stories.first().topics.first())
    address = reverse("admin:issues_issue_delete", args=[begun.pk])
    assert address in session.get(ISSUES).text
    question = session.get(address).text
    assert "Stories: 1" in " ".join(question.split())
    assert "object (" not in question
    assert session.post(address, {"post": "yes"}).status_code == 302
    assert list(Issue.objects.all()) == [issue]
    Send.objects.create(issue=issue, mailing_list=issue.newsletter.mailing_list)
    address = reverse("admin:issues_issue_delete", args=[issue.pk])
    assert address not in session.get(ISSUES).text
    session.post(address, {"post": "yes"})
    assert list(Issue.objects.all()) == [issue]


def test_a_story_is_doubled(session, issue):
    story = issue.stories.first()
    doubled = post(session, at("duplicate", issue), {"story": story.pk}).json()
    assert [one["headline"] for one in doubled["document"]["stories"]][:2] == [story.headline] * 2
    assert doubled["document"]["stories"][1]["id"] == doubled["story"]
    assert post(session, at("duplicate", issue), {"story": 10**8}).status_code == 404


def test_versions_are_listed_compared_and_restored(session, issue):
    first = document_of(session, issue)
    changed = document_of(session, issue)
    changed["issue"]["subject"] = f"Changed {HOSTILE}"
    del changed["stories"][0]
    post(session, at("save", issue), {"base": 1, "document": changed})
    listed = session.get(at("versions", issue)).json()
    assert [(one["revision"], one["summary"]) for one in listed] == [
        (2, "subject; 1 story removed"),
        (1, "the first in this list"),
    ]
    text = session.get(at("version", issue, 2)).text
    assert "<ins>Changed" in text
    assert HOSTILE not in text
    assert "Removed, was story 1" in text
    assert "Restore this version" not in text
    assert "Restore this version" in session.get(at("version", issue, 1), {"against": 2}).text
    assert session.get(at("version", issue, 9)).status_code == 404
    assert session.post(at("restore", issue, 1)).url == f"{ISSUES}{issue.pk}/"
    assert document_of(session, issue)["issue"] == first["issue"]
    assert post(session, at("restore", issue, 2)).json() == {"revision": 4}
    assert post(session, at("restore", issue, 9)).status_code == 404
    assert "Restored revision 1, as revision 3." in LogEntry.objects.values_list("change_message", flat=True)


def test_the_backlog_is_searched_by_words_and_topic(session, issue):
    topic = Topic.objects.get(slug="ai")
    backlog = [
        Story.objects.create(newsletter=issue.newsletter, headline=f"Waits {n}", body="Chips")
        for n in range(3)
    ]
    backlog[0].topics.add(topic)
    feed = Feed.objects.create(newsletter=issue.newsletter, url="https://f.example/", title="Feed")
    FeedEntry.objects.create(feed=feed, key="k", story=backlog[0])
    Story.objects.create(newsletter=make_issue().newsletter, headline="Foreign", body="Chips")
    ask = lambda **asked: session.get(at("backlog", issue), asked).json()  # noqa: E731
    assert [one["headline"] for one in ask()["stories"]] == ["Waits 2", "Waits 1", "Waits 0"]
    [found] = ask(q="waits chips", topic=topic.pk)["stories"]
    assert (found["id"], found["feed"], found["topics"]) == (backlog[0].pk, "Feed", [topic.pk])
    assert ask(q="nothing")["stories"] == []


def test_the_admins_addresses_of_issues_lead_to_the_builder(session, issue):
    lead = lambda name, *more: session.get(reverse(f"admin:issues_issue_{name}", args=more))  # noqa: E731
    assert lead("changelist").url == ISSUES
    assert lead("add").url == ISSUES
    assert lead("change", issue.pk).url == f"{ISSUES}{issue.pk}/"
    assert lead("change", "x").status_code == 404
