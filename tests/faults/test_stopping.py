"""Processes that are told to stop in the middle of a send, and a beat that dies."""

import signal

import pytest

from mailer.delivery.models import Batch, Submission
from mailer.local.processes import GRACE
from tests.faults.gate import gate
from tests.faults.sending import BATCHES, PEOPLE, Sending

pytestmark = pytest.mark.xdist_group("faults")
THREADS = 2


def test_a_worker_that_is_told_to_stop_finishes_what_is_in_flight_and_claims_nothing_new(installation):
    """It is told while every thread has an answer that it has not recorded yet, and more in reserve."""
    sending = Sending(installation)
    sending.start()
    with gate("accepted") as before_the_record:
        installation.start("worker1", threads=THREADS)
        sending.wait(lambda _: before_the_record.waiting == THREADS, "every thread has its answer")
        installation.tell("worker1", signal.SIGTERM)
        sending.wait(lambda _: "Warm shutdown" in installation.log("worker1"), "it knows that it has to stop")
        before_the_record.open()
        assert installation.end("worker1", limit=GRACE) == 0
    assert sending.claimed == 0
    assert Submission.objects.filter(outcome="accepted").count() == Submission.objects.count() == THREADS
    assert 0 < sending.look().waiting < PEOPLE

    installation.start("worker2", "beat")
    sending.wait(lambda now: now.finished, "the next worker sends the rest")
    sending.check()
    assert Submission.objects.count() == BATCHES


def test_without_beat_what_has_to_wait_stays_and_with_the_next_beat_it_goes(installation):
    sending = Sending(installation)
    sending.inbox.fail("rate_limit", count=None, reset_header=False)
    installation.start("worker1", "beat")
    sending.start()
    sending.wait(lambda _: Batch.objects.filter(attempts=1, state="waiting").exists(), "some have to wait")
    installation.kill("beat")
    sending.wait(lambda now: now.in_flight == 0 and sending.overdue == BATCHES, "all of them are due again")
    assert not sending.inbox.messages()
    assert sending.look().waiting == PEOPLE

    sending.inbox.recover()
    installation.start("beat")
    sending.wait(lambda now: now.finished, "the next beat hands them out")
    sending.check()
