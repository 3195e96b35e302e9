"""The queue loses what it holds, or goes away, in the middle of a send."""

import signal

import pytest

from mailer.delivery.models import Batch
from tests.faults.sending import BATCHES, PEOPLE, Sending

pytestmark = pytest.mark.xdist_group("queue")
both_brokers = pytest.mark.parametrize("broker", ["redis", "rabbitmq"], indirect=True)


@pytest.fixture
def half_done(installation, broker) -> Sending:
    """A send of which something is out, something in flight, and something in the queue."""
    sending = Sending(installation)
    sending.inbox.fail("latency", count=None, seconds=0.5)
    installation.start("worker1", "beat", threads=2)
    sending.start()
    sending.wait(lambda now: 0 < now.accepted < PEOPLE and now.in_flight > 0, "the send is half done")
    return sending


@both_brokers
def test_a_queue_that_is_emptied_costs_nobody_the_issue(half_done, broker):
    broker.empty()
    assert half_done.look().waiting > 0
    half_done.wait(lambda now: now.finished, "beat hands out what is left")
    half_done.check()


@both_brokers
def test_a_queue_that_is_killed_and_restarted_costs_nobody_the_issue(half_done, broker):
    broker.kill()
    half_done.wait(lambda now: now.in_flight == 0, "what is in flight is recorded all the same")
    assert half_done.look().waiting > 0
    broker.start()
    half_done.wait(lambda now: now.finished, "the worker and beat find the queue again")
    half_done.check()


def test_a_send_can_be_started_while_the_queue_is_away(installation, broker):
    sending = Sending(installation)
    installation.start("worker1", "beat")
    broker.kill()
    sending.start()
    assert sending.look().waiting == PEOPLE
    broker.start()
    sending.wait(lambda now: now.finished, "it goes out when the queue is back")
    sending.check()


def test_a_task_that_is_delivered_twice_is_done_once(installation):
    sending = Sending(installation)
    sending.start()
    sending.deliver_twice(*Batch.objects.values_list("pk", flat=True))
    assert sending.queued == 2 * BATCHES
    installation.start("worker1")
    sending.wait(lambda now: now.finished and sending.queued == 0, "everything is out, and nothing is queued")
    assert installation.kill("worker1", signal.SIGTERM) == 0
    sending.check()
    assert sending.inbox.summary()["answers"] == {"202": BATCHES}
