"""A worker that is killed in the middle of a send, at each step of a submission."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psutil
import pytest

from mailer.delivery.models import Batch, Submission
from tests.faults.gate import gate
from tests.faults.sending import PEOPLE, Sending

pytestmark = pytest.mark.xdist_group("queue")
THREADS = 4
"""Batches that a worker has in its hands."""


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"], indirect=True)
def test_killed_before_the_claim(installation, broker):
    """The task is off the queue, and nothing in the database says so."""
    sending = Sending(installation)
    sending.start()
    with gate("submitting") as before_the_claim:
        installation.start("worker1")
        sending.wait(lambda _: before_the_claim.waiting == THREADS, "every thread is about to claim")
        installation.kill("worker1")
        before_the_claim.open()
    assert sending.look().waiting == PEOPLE
    assert not Submission.objects.exists()
    assert not sending.inbox.messages()

    installation.start("worker2", "beat")
    sending.wait(lambda now: now.accepted == PEOPLE, "beat hands everything out again")
    sending.check()
    assert not Batch.objects.filter(attempts__gt=1).exists()


def test_killed_between_the_claim_and_the_request(installation):
    """The claim is committed, and no byte has left: proven by the logs, where it is not to be found."""
    sending = Sending(installation)
    sending.start()
    emulator = installation.environment["SENDGRID_HOST"]
    with nobody_takes_connections() as url:
        installation.environment["SENDGRID_HOST"] = url
        installation.start("worker1")
        sending.wait(
            lambda _: connecting(installation.pid("worker1")) == THREADS, "every thread tries to connect"
        )
        installation.kill("worker1")
    assert sending.claimed == THREADS

    installation.environment["SENDGRID_HOST"] = emulator
    installation.start("worker2")
    sending.hand_out_again()
    sending.until_all_but(THREADS)
    assert sending.expire_claims() == THREADS
    assert sending.look().unknown == PEOPLE - len(sending.inbox.messages()) > 0
    sending.settle_by_the_logs()
    sending.until_nothing_waits()
    sending.check()
    assert Submission.objects.filter(evidence__startswith="email logs: not found").count() == THREADS


@pytest.mark.parametrize("accepted", [True, False])
def test_killed_inside_the_request(installation, accepted):
    """Whether SendGrid took it only SendGrid knows."""
    sending = Sending(installation)
    sending.inbox.fail("hang", count=THREADS, skip=2, seconds=60, accepted=accepted)
    sending.start()
    installation.start("worker1")
    sending.wait(lambda _: sending.inbox.summary()["answers"].get("hang") == THREADS, "four requests hang")
    assert sending.claimed == THREADS
    installation.kill("worker1")

    installation.start("web", "worker2")
    sending.hand_out_again()
    sending.until_all_but(THREADS)
    assert sending.expire_claims() == THREADS
    if accepted:
        sending.settle_by_events()
    else:
        sending.settle_by_the_logs()
        sending.until_nothing_waits()
    sending.check()
    assert Submission.objects.filter(evidence="event").count() == THREADS * accepted
    assert Batch.objects.filter(attempts__gt=1).count() == THREADS * (not accepted)


def test_killed_between_the_answer_and_its_record(installation):
    """SendGrid said 202, and nobody wrote it down."""
    sending = Sending(installation)
    sending.start()
    with gate("accepted") as before_the_record:
        installation.start("worker1")
        sending.wait(lambda _: before_the_record.waiting == THREADS, "every thread has its answer")
        installation.kill("worker1")
        before_the_record.open()
    assert sending.inbox.summary()["answers"] == {"202": THREADS}
    assert sending.claimed == THREADS

    installation.start("web", "worker2")
    sending.hand_out_again()
    sending.until_all_but(THREADS)
    assert sending.expire_claims() == THREADS
    sending.settle_by_events()
    sending.check()
    assert not Batch.objects.filter(attempts__gt=1).exists()


@contextmanager
def nobody_takes_connections() -> Iterator[str]:
    """The address of a server whose queue of connections is full: the next one is asked to wait."""
    with ExitStack() as sockets:
        server = sockets.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(3):
            client = sockets.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def connecting(process: int) -> int:
    """How many connections of a process are being made."""
    try:
        connections = psutil.Process(process).net_connections("tcp")
    except psutil.Error:
        return 0
    return sum(each.status == psutil.CONN_SYN_SENT for each in connections)
