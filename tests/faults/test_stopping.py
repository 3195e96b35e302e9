"""Processes that are told to stop in the middle of a send, and a beat that dies."""

import signal
import time

import psutil
import pytest
from celery import Celery

from mailer.delivery.models import Batch, Submission
from mailer.local.management.commands.worker import SHORTEST_LIFE
from mailer.local.processes import GRACE
from tests.faults.gate import gate
from tests.faults.sending import BATCHES, PEOPLE, Sending

pytestmark = pytest.mark.xdist_group("stopping")
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


def test_a_worker_that_ends_though_nobody_told_it_to_starts_again(installation):
    """As Celery's does now and then when its queue is killed. Here a stranger on the queue ends it."""
    installation.start("worker1", "beat")
    worker = psutil.Process(installation.pid("worker1"))
    sending = Sending(installation)
    sending.wait(lambda _: " ready." in installation.log("worker1"), "it listens to the queue")
    sending.wait(lambda _: time.time() - worker.create_time() > 3 * SHORTEST_LIFE, "it has lived for a while")
    queue = installation.environment.get("CELERY_BROKER_URL") or installation.environment["REDIS_URL"]
    with Celery(broker=queue, set_as_current=False) as stranger:
        stranger.control.shutdown()
    sending.wait(lambda _: "worker_starts_again" in installation.log("worker1"), "it begins anew")
    assert worker.is_running()
    sending.start()
    sending.wait(lambda now: now.finished, "the same process sends it")
    sending.check()


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
