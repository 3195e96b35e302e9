"""The pages of approval: who may ask and answer, what they see, and what is kept."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from mailer.delivery.approval.answer import approve
from mailer.delivery.approval.ask import ask
from mailer.delivery.models import Notice
from mailer.issues.models import Issue, Newsletter
from mailer.staff.sending.approvers import approvers_of, waiting_for
from tests.newsroom import crowd, make_issue
from tests.roles import somebody

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def issue() -> Issue:
    issue = make_issue()
    Newsletter.objects.update(needs_approval=True)
    crowd(issue.newsletter.mailing_list, 3)
    return Issue.objects.select_related("newsletter").get()


@pytest.fixture
def editor(issue):
    return somebody("editor", at=issue.newsletter)


@pytest.fixture
def approver(issue):
    approver = somebody("approver", at=issue.newsletter)
    approver.email = "approver@example.org"
    approver.save()
    return approver


def address(name: str, issue: Issue) -> str:
    return reverse(f"staff:{name}", args=[issue.pk])


def test_an_editor_asks_and_the_approver_is_told(client, issue, editor, approver):
    client.force_login(editor)
    answer = client.post(address("approval-ask", issue), {"note": HOSTILE}, follow=True)
    assert "somebody else has to answer" in answer.text
    assert HOSTILE not in answer.text
    assert Notice.objects.get().to == "approver@example.org"
    assert [each.issue for each in waiting_for(approver)] == [issue]
    assert waiting_for(editor) == []
    assert LogEntry.objects.get().change_message.startswith("Asked for approval, to send it to everybody.")


def test_an_approver_sees_what_they_approve_and_what_changed(client, issue, editor, approver):
    asked, _ = ask(issue, editor)
    approve(asked, approver, seen=asked.fingerprint)
    Issue.objects.update(subject=HOSTILE)
    ask(Issue.objects.get(), editor)
    client.force_login(approver)
    text = client.get(address("approval", issue)).text
    assert "What changed since the last approval" in text
    assert "&lt;script&gt;" in text
    assert HOSTILE not in text
    assert "Approve exactly this" in text
    numbers = client.get(address("approval-numbers", issue)).text
    assert "<b>3</b> people get it" in numbers
    assert "@example.org" not in numbers


def test_the_mail_is_shown_where_no_script_runs(client, issue, approver):
    client.force_login(approver)
    answer = client.get(address("approval-mail", issue))
    assert "News about ai" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    issue.stories.all().delete()
    assert "no stories yet" in client.get(address("approval-mail", issue)).text


def test_an_answer_to_something_else_is_not_taken(client, issue, editor, approver):
    asked, _ = ask(issue, editor)
    Issue.objects.update(subject="Mended")
    client.force_login(approver)
    given = {"approval": asked.pk, "seen": asked.fingerprint, "answer": "approve"}
    text = client.post(address("approval-answer", issue), given, follow=True).text
    assert "your answer was not taken" in text
    asked.refresh_from_db()
    assert asked.answer == ""
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"answer": "approve", "approval": "999999"}, "question is no more"),
        ({"answer": "perhaps"}, "or decline"),
    ],
)
def test_an_answer_that_cannot_be_taken_is_not_dropped_in_silence(
    client, issue, editor, approver, given, says
):
    asked, _ = ask(issue, editor)
    client.force_login(approver)
    sent = {"approval": asked.pk, "seen": asked.fingerprint, **given}
    assert says in client.post(address("approval-answer", issue), sent, follow=True).text
    asked.refresh_from_db()
    assert asked.answer == ""


@pytest.mark.parametrize("page", ["approval", "approval-panel", "send-forecast"])
def test_while_somebody_elses_question_is_open_nobody_is_asked_to_ask(client, issue, editor, page):
    client.force_login(editor)
    fields = {"when": "now"} if page == "send-forecast" else {}
    before = client.get(address(page, issue), fields).text
    ask(issue, somebody("editor"))
    assert "Ask for approval" in before
    assert "Ask for approval" not in client.get(address(page, issue), fields).text


def test_it_is_declined_with_a_reason_that_stays(client, issue, editor, approver):
    asked, _ = ask(issue, editor)
    client.force_login(approver)
    given = {"approval": asked.pk, "seen": asked.fingerprint, "answer": "decline", "because": ""}
    assert "Write why" in client.post(address("approval-answer", issue), given, follow=True).text
    given["because"] = "The link is wrong"
    assert "The link is wrong" in client.post(address("approval-answer", issue), given, follow=True).text
    assert LogEntry.objects.get().change_message == "Declined to approve it: The link is wrong"


def test_who_asked_does_not_answer_and_takes_it_back(client, issue):
    both = somebody("editor", "approver", at=issue.newsletter)
    client.force_login(both)
    client.post(address("approval-ask", issue))
    asked = issue.approvals.get()
    text = client.get(address("approval", issue)).text
    assert "somebody else has to answer" in text
    assert "Approve exactly this" not in text
    given = {"approval": asked.pk, "seen": asked.fingerprint, "answer": "approve"}
    assert "yourself" in client.post(address("approval-answer", issue), given, follow=True).text
    client.post(address("approval-withdraw", issue), {"approval": asked.pk})
    asked.refresh_from_db()
    assert asked.answer == "withdrawn"


def test_rights_are_asked_for(client, issue, editor):
    client.force_login(somebody("reader", at=issue.newsletter))
    assert client.get(address("approval", issue)).status_code == 200
    assert client.post(address("approval-ask", issue)).status_code == 403
    assert client.post(address("approval-answer", issue)).status_code == 403
    client.force_login(editor)
    assert client.post(address("approval-answer", issue)).status_code == 403
    client.force_login(somebody("approver", at=make_issue().newsletter))
    assert client.get(address("approval", issue)).status_code == 403
    assert client.get(address("approval-ask", issue)).status_code == 405


def test_a_panel_that_was_asked_from_is_answered_with_a_panel(client, issue, editor):
    client.force_login(editor)
    assert "Ask for approval" in client.get(address("approval-panel", issue)).text
    answer = client.post(address("approval-ask", issue), headers={"HX-Request": "true"})
    assert "Take the question back" in answer.text
    assert "<html" not in answer.text


def test_those_may_approve_who_have_the_role_and_are_here(issue, editor, approver):
    away = somebody("approver", at=issue.newsletter)
    away.is_active = False
    away.save()
    somebody("approver", at=make_issue().newsletter)
    every = somebody("administrator")
    assert set(approvers_of(issue.newsletter, editor)) == {approver, every}


def test_a_new_newsletter_wants_approvals_unless_somebody_decides_otherwise(client):
    client.force_login(somebody("administrator"))
    text = client.get(reverse("admin:issues_newsletter_add")).text
    field = text[text.index('name="needs_approval"') :][:400]
    assert "checked" in field
