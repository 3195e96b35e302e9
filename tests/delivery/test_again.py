"""Cancelling a send, and sending again to those who have not got it."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from mailer.delivery.claim import claim
from mailer.delivery.models import Batch, Delivery, Exclusion
from mailer.delivery.plan import plan
from mailer.delivery.progress import progress
from mailer.delivery.record import record
from mailer.delivery.settle import accept
from mailer.delivery.start import NotOver, again, send_of, start
from mailer.delivery.steer import cancel, pause, resume
from mailer.delivery.sweep import sweep
from mailer.delivery.variants import ABTest
from mailer.sendgrid.outcome import Accepted, Rejected, Retry, Unknown
from tests.newsroom import make_issue, planned_for, subscribe

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue():
    return make_issue()


def started(issue, *addresses, **how):
    subscribe(issue.newsletter.mailing_list, *addresses, **how)
    send = send_of(issue)
    plan(send)
    start(send)
    return send


def answer(batch, outcome, status=202):
    claimed = claim(batch.pk)
    assert claimed is not None
    record(claimed, outcome, status)
    return claimed


def test_a_cancelled_send_lets_nothing_out_and_says_who_got_it(issue):
    subscribe(issue.newsletter.mailing_list, "ai@example.org", topics=["ai"])
    send = started(issue, "all@example.org")
    first, second = Batch.objects.filter(send=send)
    answer(first, Accepted("m1"))
    out = StringIO()
    call_command("cancel", str(send.pk), "--because", "a wrong picture", stdout=out)
    assert "1 got it, 1 do not get it" in out.getvalue()
    assert claim(second.pk) is None
    assert sweep() == 0
    now = progress(send)
    assert (now.accepted, now.excluded, now.cancelled, now.waiting, now.adds_up) == (1, 1, 1, 0, True)
    assert not resume(send.pk)
    assert not pause(send.pk, "too late")
    assert not cancel(send.pk, "twice")


def test_what_was_under_way_when_it_was_cancelled_is_recorded_and_does_not_go_again(issue):
    send = started(issue, "reader@example.org")
    claimed = claim(Batch.objects.get().pk)
    assert claimed is not None
    assert cancel(send.pk, "stop")
    assert progress(send).in_flight == 1
    record(claimed, Retry("too many requests"), 429)
    assert progress(send).adds_up
    Batch.objects.update(due_at=timezone.now())
    assert claim(claimed.batch_id) is None
    sweep()
    now = progress(send)
    assert (now.cancelled, now.waiting) == (1, 0)


def test_a_send_that_was_not_started_is_forgotten_when_it_is_cancelled(issue):
    send = send_of(issue)
    plan(send)
    assert not cancel(send.pk, "no")
    call_command("cancel", str(send.pk), stdout=StringIO())
    assert not Batch.objects.filter(send_id=send.pk).exists()


def test_a_send_that_is_over_is_not_cancelled(issue):
    send = started(issue, "reader@example.org")
    claimed = claim(Batch.objects.get().pk)
    record(claimed, Unknown("no answer"), None)
    assert Batch.objects.get().state == "unknown"
    accept([claimed.submission_id], "event")
    assert not cancel(send.pk, "too late")
    out = StringIO()
    call_command("cancel", str(send.pk), stdout=out)
    assert out.getvalue() == f"Send {send.pk} is over: 1 got it. Nothing was cancelled.\n"
    send.refresh_from_db()
    assert send.cancelled_at is None


def test_a_send_of_which_something_is_unknown_is_cancelled(issue):
    send = started(issue, "reader@example.org")
    answer(Batch.objects.get(), Unknown("no answer"), None)
    assert cancel(send.pk, "stop")
    out = StringIO()
    call_command("cancel", str(send.pk), stdout=out)
    assert "was cancelled already" in out.getvalue()


def test_again_goes_to_those_who_failed_or_joined_later_and_to_nobody_who_has_it_or_may_have(issue):
    mailing_list = issue.newsletter.mailing_list
    for topic in ("ai", "policy", "travel"):
        subscribe(mailing_list, f"{topic}@example.org", topics=[topic])
    send = started(issue, "has@example.org", "blocked@example.org")
    batches = planned_for(send)
    answer(batches["has@example.org"], Accepted("m"))
    Delivery.objects.filter(subscriber__email="blocked@example.org").update(blocked_at=timezone.now())
    answer(batches["ai@example.org"], Unknown("no answer"), None)
    answer(batches["policy@example.org"], Rejected("bad_request", "no", (0,)), 400)
    with pytest.raises(NotOver, match="not over"):
        again(issue)
    cancel(send.pk, "enough")
    subscribe(mailing_list, "late@example.org")

    second = again(issue)
    assert again(issue) == second == send_of(issue)
    planned = plan(second)
    assert set(planned_for(second)) == {
        "blocked@example.org",
        "policy@example.org",
        "travel@example.org",
        "late@example.org",
    }
    assert dict(Exclusion.objects.filter(send=second).values_list("subscriber__email", "reason")) == {
        "has@example.org": "already",
        "ai@example.org": "already",
    }
    assert planned.candidates == 6
    assert progress(second).adds_up
    start(second)
    for batch in Batch.objects.filter(send=second):
        answer(batch, Accepted("again"))
    third = again(issue)
    assert third.previous == second
    plan(third)
    assert planned_for(third) == {}


def test_the_first_send_must_be_over_and_two_who_ask_get_the_same(issue):
    with pytest.raises(NotOver, match="not sent yet"):
        again(issue)
    send_of(issue)
    with pytest.raises(NotOver, match="not started yet"):
        again(issue)


def test_again_keeps_the_subject_that_won(issue):
    subscribe(issue.newsletter.mailing_list, "reader@example.org")
    send = send_of(issue, test=ABTest((("Another subject", ""),), share=50))
    plan(send)
    start(send)
    cancel(send.pk, "over")
    send.refresh_from_db()
    send.winner, send.decided_at = 1, timezone.now()
    send.save()
    second = again(issue)
    plan(second)
    assert second.editions.get().subject == "Another subject"
    assert second.test_share is None
