"""The start page: where everything stands, for who may see it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from mailer.delivery.models import Approval, Batch
from mailer.delivery.plan import plan
from mailer.delivery.start import send_of, start
from mailer.delivery.steer import pause
from mailer.staff.start.newest import newest
from mailer.tracking.models import Alert
from mailer.tracking.newsletter.keep import count_and_keep
from mailer.tracking.reports.keep import count_and_keep as count_and_keep_send
from tests.newsroom import crowd, make_issue
from tests.roles import somebody
from tests.staff.polled import loses_focus
from tests.tracking.ledger import make_send

pytestmark = pytest.mark.django_db
START = "/staff/"


def started(issue):
    crowd(issue.newsletter.mailing_list, 3)
    send = send_of(issue)
    plan(send)
    start(send)
    return send


def seen(client, user):
    client.force_login(user)
    return client.get(START).text


def word_of(issue):
    [row] = newest([issue.newsletter], None)
    return row.standing.word


def test_who_has_no_role_is_told_so(client):
    text = seen(client, somebody())
    assert "You have no role yet" in text


def test_a_newsletter_without_issues_is_shown_too(client):
    issue = make_issue()
    issue.delete()
    text = seen(client, somebody("editor"))
    assert "No issue yet" in text
    assert "The first issue is yet to be written" in text


def test_it_is_asked_for_all_newsletters_at_once(django_assert_num_queries):
    newsletters = [make_issue().newsletter for _ in range(3)]
    with django_assert_num_queries(3):
        assert len(newest(newsletters, None)) == 3


def test_each_step_of_an_issue_is_told(client):
    issue = make_issue()
    editor = somebody("editor")
    assert word_of(issue) == "draft"
    assert "Draft" in seen(client, editor)
    issue.newsletter.needs_approval = True
    issue.newsletter.save()
    Approval.objects.create(issue=issue, fingerprint="x", audience="everybody", asked_by=editor)
    assert word_of(issue) == "asked"
    Approval.objects.update(answer="declined", answered_at=timezone.now(), answered_by=somebody("approver"))
    assert word_of(issue) == "declined"
    issue.newsletter.needs_approval = False
    issue.newsletter.save()
    send = started(issue)
    assert word_of(issue) == "sending"
    pause(send.pk, "A word too many")
    assert word_of(issue) == "paused"
    assert "Paused" in seen(client, editor)
    Batch.objects.update(state="rejected")
    assert word_of(issue) == "sent"
    assert "New issue" in seen(client, editor)


def test_while_something_goes_out_the_page_asks_again(client):
    issue = make_issue()
    again = reverse("staff:start-under-way")
    assert again not in seen(client, somebody("editor"))
    send = started(issue)
    assert again in seen(client, somebody("editor"))
    assert again in client.get(again).text
    assert "Click map" in client.get(again).text
    assert loses_focus(client.get(again).text) == []
    send.batches.update(state="cancelled")
    assert again not in client.get(again).text


def test_only_newsletters_of_ones_own_are_shown(client):
    ours, theirs = make_issue(subject="Our week"), make_issue(subject="Their week")
    text = seen(client, somebody("editor", at=ours.newsletter))
    assert "Our week" in text
    assert "Their week" not in text
    started(theirs)
    assert "Their week" not in client.get(reverse("staff:start-under-way")).text
    assert "Their week" not in client.get(reverse("staff:reports")).text


def test_an_approval_waits_for_who_may_answer_it_and_did_not_ask(client):
    issue = make_issue(subject="Read me first")
    editor, approver = somebody("editor"), somebody("approver")
    Approval.objects.create(issue=issue, fingerprint="x", audience="everybody", asked_by=editor)
    assert "asked by" in seen(client, approver)
    assert "asked by" not in seen(client, editor)


def test_alerts_are_shown_to_who_answers_for_the_whole(client):
    issue = make_issue()
    Alert.objects.create(kind="webhook_silent", text="Silent since noon")
    assert "event webhook is silent" in seen(client, somebody("administrator"))
    assert "Waits for you" not in seen(client, somebody("administrator", at=issue.newsletter))


def test_reports_and_growth_are_as_they_were_counted_last(client):
    issue = make_issue()
    send = started(issue)
    editor = somebody("editor")
    assert "not counted yet" in seen(client, editor)
    count_and_keep_send(send)
    count_and_keep(issue.newsletter)
    text = seen(client, editor)
    assert "not counted yet" not in text
    assert "joined, 0 went in the last four weeks" in text


def test_a_hostile_subject_is_escaped(client):
    make_issue(subject="<img src=x onerror=alert(1)>")
    text = seen(client, somebody("editor"))
    assert "<img src=x" not in text


def test_submissions_to_settle_are_those_of_ones_own_newsletters(client):
    ledger = make_send(1, state="unknown")
    told = "1 submission to settle"
    assert told in seen(client, somebody("administrator", at=ledger.send.issue.newsletter))
    assert told not in seen(client, somebody("administrator", at=make_issue().newsletter))
