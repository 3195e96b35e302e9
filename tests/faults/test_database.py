"""PostgreSQL goes away in the middle of a send, or cuts its connections."""

import pytest
from django.db import connection

from mailer.delivery.models import Submission
from tests.faults.gate import gate
from tests.faults.sending import Sending

pytestmark = pytest.mark.xdist_group("processes")
THREADS = 2


@pytest.fixture
def under_way(installation, postgres) -> Sending:
    """A send of which something is out, and every thread of the worker is in a request."""
    sending = Sending(installation)
    installation.start("web", "worker1", "beat", threads=THREADS)
    sending.inbox.fail("latency", count=None, seconds=1)
    sending.start()
    sending.wait(lambda now: now.accepted > 0 and sending.claimed == THREADS, "two requests are under way")
    return sending


@pytest.mark.parametrize("how", ["stop", "crash"])
def test_a_restart_costs_nobody_the_issue_and_gives_nobody_two(under_way, postgres, how):
    """What SendGrid took while the ledger was away is unknown, until its events say so."""
    messages = len(under_way.inbox.messages())
    getattr(postgres, how)()
    under_way.installation.wait(
        lambda: len(under_way.inbox.messages()) > messages, "SendGrid took something that nobody could record"
    )
    postgres.start()
    connection.close()
    under_way.inbox.recover()
    under_way.wait(lambda now: now.waiting == now.in_flight, "the rest is out")
    assert under_way.expire_claims() > 0
    under_way.settle_by_events()
    under_way.check()


def test_cut_connections_cost_nobody_the_issue_and_give_nobody_two(under_way, postgres):
    assert postgres.cut_connections() > THREADS
    connection.close()
    under_way.inbox.recover()
    under_way.wait(lambda now: now.waiting == now.in_flight, "the rest is out")
    assert under_way.expire_claims() == THREADS
    under_way.settle_by_events()
    under_way.check()


def test_a_claim_that_cannot_be_committed_was_never_made(installation, postgres):
    sending = Sending(installation)
    sending.start()
    with gate("submitting") as before_the_claim:
        installation.start("worker1", threads=THREADS)
        sending.wait(lambda _: before_the_claim.waiting == THREADS, "every thread is about to claim")
        before_the_claim.cut()
        before_the_claim.open()
        sending.wait(lambda _: before_the_claim.waiting == 0, "it is over")
    sending.hand_out_again()
    sending.wait(lambda now: now.finished, "it is handed out again")
    sending.check()
    assert not Submission.objects.exclude(outcome="accepted").exists()
