"""Submitting batches to an emulator over HTTP, and what is written down for each kind of answer."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from mailer.delivery.claim import claim
from mailer.delivery.models import Batch, Delivery, Exclusion, Send, Submission
from mailer.delivery.plan import plan
from mailer.delivery.progress import progress
from mailer.delivery.record import record
from mailer.delivery.start import send_of
from mailer.delivery.steer import pause, resume
from mailer.delivery.submit import submit
from mailer.issues.models import Newsletter
from mailer.sendgrid.outcome import Accepted, Unknown
from subscribers.leaving import leave
from subscribers.models import Subscriber, Suppression
from tests.newsroom import crowd, make_issue, subscribe

pytestmark = pytest.mark.django_db


def started(issue) -> Send:
    """The planned and started send of an issue, its batches not handed to any queue."""
    send = send_of(issue)
    plan(send)
    Send.objects.filter(pk=send.pk).update(started_at=timezone.now())
    return send


def submit_all(send: Send) -> None:
    """Submit what is due until nothing is."""
    while True:
        due = Batch.objects.filter(send=send, state="waiting", due_at__lte=timezone.now())
        ids = list(due.values_list("id", flat=True))
        made = [submit(batch_id) for batch_id in ids]
        if not any(made):
            return


def one_batch(size: int = 3) -> tuple[Send, Batch]:
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, size)
    send = started(issue)
    return send, Batch.objects.get(send=send)


def test_an_accepted_batch_reaches_each_recipient_once(inbox):
    issue = make_issue()
    subscribe(issue.newsletter.mailing_list, "Mei@example.org", first_name="梅")
    subscribe(issue.newsletter.mailing_list, "anna@example.org")
    send = started(issue)
    submit_all(send)
    assert inbox.addresses() == ["Mei@example.org", "anna@example.org"]
    assert [message["subject"] for message in inbox.messages()] == ["梅, your week", "Hello, your week"]
    assert progress(send).accepted == 2
    submission = Submission.objects.get()
    assert (submission.outcome, submission.status, submission.size) == ("accepted", 202, 2)
    assert submission.message_id


def test_each_message_carries_one_click_headers_and_opaque_ids(inbox):
    send, batch = one_batch(2)
    submit(batch.pk)
    first, second = inbox.messages(full=True)
    assert first["headers"]["List-Unsubscribe"] != second["headers"]["List-Unsubscribe"]
    assert first["headers"]["List-Unsubscribe"].startswith("<http://127.0.0.1")
    assert first["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    slug = send.issue.newsletter.slug
    assert first["headers"]["List-Id"] == f"<{slug}.news.example.com>"
    assert first["headers"]["Feedback-ID"] == f"{send.pk}:{slug}:newsletter:news-example-com"
    batch.refresh_from_db()
    assert first["custom_args"] == {
        "mailer_send": str(send.pk),
        "mailer_submission": str(batch.submission_id),
        "mailer_subscriber": str(batch.subscriber_ids[0]),
    }
    assert "{{" not in first["html"] + first["text"]


def test_a_batch_is_submitted_once_however_often_it_is_asked_for(inbox):
    _, batch = one_batch()
    assert submit(batch.pk)
    assert not submit(batch.pk)
    assert len(inbox.messages()) == 3


def test_whoever_left_or_was_suppressed_after_the_plan_is_taken_out_with_the_reason(inbox):
    send, batch = one_batch(4)
    left, bounced, *stay = Subscriber.objects.filter(pk__in=batch.subscriber_ids).order_by("pk")
    leave(send.mailing_list_id, left.pk, source="test")
    Suppression.objects.create(address=bounced.email, reason="bounce")
    submit(batch.pk)
    assert inbox.addresses() == sorted(person.email for person in stay)
    assert dict(Exclusion.objects.values_list("subscriber_id", "reason")) == {
        left.pk: "unsubscribed",
        bounced.pk: "bounce",
    }
    assert all(Exclusion.objects.values_list("at_claim", flat=True))
    assert progress(send).adds_up


def test_a_batch_that_everybody_left_is_closed_without_a_request(inbox):
    send, batch = one_batch(1)
    leave(send.mailing_list_id, batch.subscriber_ids[0], source="test")
    assert not submit(batch.pk)
    assert inbox.messages() == []
    assert progress(send).finished
    assert progress(send).adds_up


def test_nothing_leaves_before_the_start_nor_while_paused(inbox):
    send, batch = one_batch()
    Send.objects.filter(pk=send.pk).update(started_at=None)
    assert not submit(batch.pk)
    Send.objects.filter(pk=send.pk).update(started_at=timezone.now())
    assert pause(send.pk, "wait")
    assert not submit(batch.pk)
    assert resume(send.pk)
    assert submit(batch.pk)
    assert len(inbox.messages()) == 3


def test_a_named_recipient_is_rejected_and_the_rest_goes_again(inbox):
    send, batch = one_batch(3)
    bad = Subscriber.objects.get(pk=batch.subscriber_ids[1])
    inbox.fail("reject_recipient", address=bad.email)
    submit_all(send)
    assert bad.email not in inbox.addresses()
    assert len(inbox.messages()) == 2
    assert "bad_request" in Delivery.objects.get(subscriber=bad).rejected_because
    now = progress(send)
    assert (now.accepted, now.rejected, now.adds_up) == (2, 1, True)


def test_a_recipient_that_breaks_sendgrids_limits_never_fails_the_others(inbox):
    issue = make_issue(intro="{{ subscriber.story }}")
    people = crowd(issue.newsletter.mailing_list, 3)
    Subscriber.objects.filter(pk=people[0].pk).update(attributes={"story": "x" * 9_000})
    send = started(issue)
    submit_all(send)
    assert len(inbox.messages()) == 2
    assert Delivery.objects.get(subscriber=people[0]).rejected_because == "substitutions_too_large"
    assert progress(send).rejected == 1


def test_a_rejection_that_names_nobody_is_narrowed_down_to_the_one(inbox):
    send, _batch = one_batch(8)
    inbox.fail("reject_unnamed", count=1)
    submit_all(send)
    assert len(inbox.messages()) == 8
    assert Batch.objects.filter(send=send).count() == 2
    assert progress(send).adds_up


def test_a_request_that_is_too_large_goes_in_halves(inbox):
    send, _ = one_batch(4)
    inbox.fail("too_large", count=1)
    submit_all(send)
    assert sorted(Batch.objects.values_list("size", flat=True)) == [2, 2]
    assert len(set(inbox.addresses())) == len(inbox.addresses()) == 4


def test_an_issue_that_sendgrid_rejects_for_everybody_pauses_the_send(inbox):
    send, _ = one_batch(64)
    inbox.fail("reject_unnamed", count=1000)
    submit_all(send)
    send.refresh_from_db()
    assert send.paused_at
    assert "whoever the recipients are" in send.paused_because
    assert inbox.messages() == []
    assert progress(send).adds_up


@pytest.mark.parametrize("kind", ["unauthorized", "forbidden"])
def test_a_refused_account_pauses_the_send_and_loses_nobody(inbox, kind):
    send, _ = one_batch()
    inbox.fail(kind, count=1)
    submit_all(send)
    send.refresh_from_db()
    assert "refused the account" in send.paused_because
    assert progress(send).waiting == 3
    resume(send.pk)
    submit_all(send)
    assert progress(send).accepted == len(inbox.messages()) == 3


def test_too_many_requests_wait_until_the_time_that_sendgrid_names(inbox):
    _send, batch = one_batch()
    inbox.fail("rate_limit", count=1, seconds=60)
    submit(batch.pk)
    batch.refresh_from_db()
    assert batch.state == "waiting"
    assert timedelta(seconds=30) < batch.due_at - timezone.now() < timedelta(seconds=90)
    assert not submit(batch.pk)
    assert Submission.objects.get().outcome == "not_accepted"


def test_a_connection_that_breaks_before_the_end_of_the_body_goes_again(inbox):
    _send, batch = one_batch(1000)
    inbox.fail("reset_before", count=1)
    submit(batch.pk)
    batch.refresh_from_db()
    if batch.state == "waiting":  # proven not accepted
        Batch.objects.update(due_at=timezone.now())
        submit(batch.pk)
        assert len(inbox.messages()) == 1000
    else:  # the system had taken the whole body before the reset was seen
        assert batch.state == "unknown"
        assert inbox.messages() == []


@pytest.mark.parametrize(
    "fault", [{"kind": "server_error", "status": 503}, {"kind": "reset_after"}, {"kind": "hang"}]
)
def test_an_answer_that_proves_nothing_is_unknown_and_never_sent_again(inbox, fault):
    send, batch = one_batch()
    inbox.fail(count=1, **fault)
    submit(batch.pk)
    assert progress(send).unknown == 3
    assert not submit(batch.pk)
    submit_all(send)
    assert len(inbox.messages()) in (0, 3)
    assert progress(send).adds_up


def test_an_answer_after_the_claim_was_given_up_still_counts():
    send, batch = one_batch()
    claimed = claim(batch.pk)
    record(claimed, Unknown("no answer"), None)
    assert record(claimed, Accepted("late"), 202)
    assert progress(send).accepted == 3


def test_an_answer_to_another_submission_changes_nothing():
    send, batch = one_batch()
    claimed = claim(batch.pk)
    Batch.objects.filter(pk=batch.pk).update(submission_id=uuid.uuid4())
    assert not record(claimed, Accepted("stray"), 202)
    assert progress(send).in_flight == 3


def test_a_message_that_no_request_can_be_made_of_pauses_the_send(inbox):
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, 2)
    send = started(issue)
    send.editions.update(subject="")
    submit_all(send)
    send.refresh_from_db()
    assert send.paused_at
    assert progress(send).waiting == 2
    assert not Submission.objects.exists()


def test_a_sender_whose_domain_no_header_takes_pauses_the_send_until_it_is_corrected(inbox):
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, 2)
    Newsletter.objects.update(from_email=f"weekly@{'ü' * 60}.example")
    send = started(issue)
    submit_all(send)
    send.refresh_from_db()
    assert "sender's address" in send.paused_because
    assert progress(send).waiting == 2

    Newsletter.objects.update(from_email="weekly@news.example.com")
    resume(send.pk)
    submit_all(send)
    assert progress(send).accepted == len(inbox.messages()) == 2


def test_whatever_fails_in_a_claim_pauses_the_send_and_says_so(inbox):
    send, batch = one_batch()
    send.editions.update(tags=[{"key": "k", "expression": "{{", "context": "html"}])
    assert not submit(batch.pk)
    send.refresh_from_db()
    assert "cannot be made into a request" in send.paused_because
    assert progress(send).waiting == 3
    assert inbox.messages() == []
