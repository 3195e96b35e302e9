"""A person decides about a submission that no evidence settled."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from mailer.delivery.claim import claim
from mailer.delivery.models import Submission
from mailer.delivery.progress import progress
from mailer.delivery.settle import claim_limit, expire_claims
from tests.delivery.test_submit import one_batch

pytestmark = pytest.mark.django_db


@pytest.fixture
def unknown():
    send, batch = one_batch()
    claimed = claim(batch.pk)
    expire_claims(timezone.now() + claim_limit() + timedelta(seconds=1))
    return send, str(claimed.submission_id)


def test_unknown_submissions_are_listed_with_what_is_known(unknown, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    call_command("settle")
    shown = capsys.readouterr().out
    assert unknown[1] in shown
    assert "the worker stopped before it recorded an answer" in shown


def test_accepted_is_recorded_with_who_and_why(unknown):
    send, submission_id = unknown
    call_command("settle", submission_id[:8], "--accepted", "--because", "the activity feed shows it")
    assert progress(send).accepted == 3
    evidence = Submission.objects.get().evidence
    assert evidence.startswith("decided by ")
    assert evidence.endswith(": the activity feed shows it")


def test_send_again_lets_the_batch_wait_again(unknown):
    send, submission_id = unknown
    call_command("settle", submission_id, "--send-again", "--because", "support says it never came")
    assert progress(send).waiting == 3
    assert Submission.objects.get().outcome == "not_accepted"


def test_a_decision_needs_a_reason_and_an_outcome(unknown):
    for arguments in (["--accepted"], ["--because", "so"], ["--accepted", "--because", " "]):
        with pytest.raises(CommandError, match="Say"):
            call_command("settle", unknown[1], *arguments)
    assert progress(unknown[0]).unknown == 3


def test_what_is_not_unknown_cannot_be_decided(unknown):
    with pytest.raises(CommandError, match="No unknown submission"):
        call_command("settle", "ffffffff", "--accepted", "--because", "so")
    call_command("settle", unknown[1], "--accepted", "--because", "so")
    with pytest.raises(CommandError, match="No unknown submission"):
        call_command("settle", unknown[1], "--send-again", "--because", "so")


def test_nothing_unknown_is_said_so(db, capsys):
    call_command("settle")
    assert "No submission is unknown" in capsys.readouterr().out
