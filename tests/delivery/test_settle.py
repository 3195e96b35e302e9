"""Submissions without a known outcome: shown, and settled by evidence only."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailer.delivery.claim import claim
from mailer.delivery.evidence import LOGS_KEPT, LOOK_AGAIN, LOOKS, SAFE_WAIT, look_for_evidence
from mailer.delivery.models import Batch, Submission
from mailer.delivery.progress import progress
from mailer.delivery.settle import accept, claim_limit, expire_claims, release
from mailer.delivery.submit import sendgrid, submit
from mailer.delivery.unknown import known, unknown
from tests.delivery.test_submit import one_batch

pytestmark = pytest.mark.django_db


def test_a_claim_whose_worker_vanished_becomes_unknown_after_its_limit():
    send, batch = one_batch()
    claim(batch.pk)
    assert expire_claims() == 0
    assert expire_claims(timezone.now() + claim_limit() + timedelta(seconds=1)) == 1
    assert progress(send).unknown == 3
    assert "worker stopped" in Submission.objects.get().reason


def test_an_event_that_carries_the_submissions_id_proves_acceptance():
    send, batch = one_batch()
    claimed = claim(batch.pk)
    expire_claims(timezone.now() + claim_limit() + timedelta(seconds=1))
    assert accept([claimed.submission_id], "event") == 1
    assert accept([claimed.submission_id], "event") == 0
    assert progress(send).accepted == 3
    submission = Submission.objects.get()
    assert (submission.evidence, submission.decided_by) == ("event", "")
    assert submission.settled_at is not None


def test_an_event_settles_a_submission_that_is_still_under_way():
    send, batch = one_batch()
    claimed = claim(batch.pk)
    assert accept([claimed.submission_id], "event") == 1
    assert progress(send).accepted == 3


def test_what_is_proven_not_accepted_waits_again():
    send, batch = one_batch()
    claimed = claim(batch.pk)
    expire_claims(timezone.now() + claim_limit() + timedelta(seconds=1))
    assert release(claimed.submission_id, "email logs")
    assert not release(claimed.submission_id, "somebody says so", "anna")
    assert progress(send).waiting == 3
    submission = Submission.objects.get()
    assert (submission.evidence, submission.decided_by) == ("email logs", "")
    assert submission.settled_at is not None


def test_a_persons_decision_is_kept_with_who_when_and_why():
    send, batch = one_batch()
    claimed = claim(batch.pk)
    expire_claims(timezone.now() + claim_limit() + timedelta(seconds=1))
    assert accept([claimed.submission_id], "the activity feed shows it", "anna") == 1
    submission = Submission.objects.get()
    assert (submission.evidence, submission.decided_by) == ("the activity feed shows it", "anna")
    assert submission.settled_at is not None
    assert progress(send).accepted == 3


@pytest.mark.parametrize("looked", [False, True])
def test_the_next_look_into_the_logs_is_when_the_settler_looks_again(looked):
    _send, batch = one_batch()
    claim(batch.pk)
    expire_claims(timezone.now() + claim_limit() + timedelta(seconds=1))
    if looked:
        Submission.objects.update(looked_at=timezone.now() + timedelta(minutes=7))
    (found,) = known(unknown())
    submission = found.submission
    assert found.next_look == (
        submission.looked_at + LOOK_AGAIN if looked else submission.started_at + SAFE_WAIT
    )
    Submission.objects.update(started_at=timezone.now() - LOGS_KEPT, looked_at=None)
    assert known(unknown())[0].next_look is None


def test_the_email_logs_prove_acceptance_after_a_safe_wait(inbox):
    send, batch = one_batch()
    inbox.fail("reset_after", count=1)
    submit(batch.pk)
    assert progress(send).unknown == 3
    assert look_for_evidence(sendgrid()) == 0
    assert look_for_evidence(sendgrid(), timezone.now() + SAFE_WAIT + timedelta(seconds=1)) == 1
    assert progress(send).accepted == len(inbox.messages()) == 3


def test_the_email_logs_disprove_acceptance_only_when_they_show_nothing_again_and_again(inbox):
    send, batch = one_batch()
    inbox.fail("server_error", count=1, status=503)
    submit(batch.pk)
    moment = timezone.now() + SAFE_WAIT + timedelta(seconds=1)
    for look in range(1, LOOKS + 1):
        assert progress(send).unknown == 3
        assert look_for_evidence(sendgrid(), moment) == (1 if look == LOOKS else 0)
        assert look_for_evidence(sendgrid(), moment + LOOK_AGAIN / 2) == 0
        moment += LOOK_AGAIN + timedelta(seconds=1)
    Batch.objects.update(due_at=timezone.now())
    assert submit(batch.pk)
    assert progress(send).accepted == len(inbox.messages()) == 3


def test_a_refused_look_into_the_logs_decides_nothing(inbox):
    _send, batch = one_batch()
    inbox.fail("server_error", count=1, status=503)
    submit(batch.pk)
    inbox.fail("forbidden", count=1, path="/v3/logs")
    assert look_for_evidence(sendgrid(), timezone.now() + SAFE_WAIT * 2) == 0
    assert Submission.objects.get().fruitless_looks == 0
