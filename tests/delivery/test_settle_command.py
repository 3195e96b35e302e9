"""A person decides about a submission that no evidence settled."""

import getpass
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from mailer.delivery.claim import claim
from mailer.delivery.evidence import LOGS_KEPT
from mailer.delivery.models import Delivery, Submission
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
    for known in (
        "the worker stopped before it recorded an answer",
        "no event seen",
        "not looked up in SendGrid's logs yet",
        "next look from",
    ):
        assert known in shown


def test_the_list_says_what_was_heard_and_looked_up_meanwhile(unknown, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    long_ago = timezone.now() - LOGS_KEPT
    Submission.objects.update(
        fruitless_looks=2, status=503, message_id="abc", started_at=long_ago, looked_at=long_ago
    )
    Delivery.objects.filter(pk__in=[Delivery.objects.first().pk]).update(opened_at=timezone.now())
    call_command("settle")
    shown = capsys.readouterr().out
    for known in (
        "SendGrid answered 503",
        "message id abc",
        "events, none of which names it, about 1 of its people",
        "nothing in 2 of 3 looks",
        "too old to be looked up again",
    ):
        assert known in shown


def test_accepted_is_recorded_with_who_and_why(unknown):
    send, submission_id = unknown
    call_command("settle", submission_id[:8], "--accepted", "--because", "the activity feed shows it")
    assert progress(send).accepted == 3
    submission = Submission.objects.get()
    assert submission.evidence == "the activity feed shows it"
    assert submission.decided_by == f"{getpass.getuser()} (command line)"
    assert submission.settled_at is not None


def test_send_again_lets_the_batch_wait_again(unknown):
    send, submission_id = unknown
    call_command("settle", submission_id, "--send-again", "--because", "support says it never came")
    assert progress(send).waiting == 3
    submission = Submission.objects.get()
    assert (submission.outcome, submission.evidence) == ("not_accepted", "support says it never came")
    assert submission.decided_by.endswith("(command line)")
    assert submission.settled_at is not None


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


def test_an_empty_id_decides_about_nothing(unknown):
    with pytest.raises(CommandError, match="Say which submission"):
        call_command("settle", "", "--send-again", "--because", "I know")
    assert progress(unknown[0]).unknown == 3
