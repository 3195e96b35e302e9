"""PostgreSQL goes away in the middle of a send, or cuts its connections."""

import pytest
from django.db import connection

from mailer.delivery.models import Submission
from tests.faults.gate import gate
from tests.faults.sending import Sending

pytestmark = pytest.mark.xdist_group("faults")
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


@pytest.mark.parametrize("step", ["submitting", "accepted"])
def test_a_connection_that_is_cut_costs_nobody_the_issue_and_gives_nobody_two(installation, postgres, step):
    """Before the claim nothing has happened; before the record SendGrid has the mail."""
    sending = Sending(installation)
    sending.start()
    installation.start("web")
    with gate(step) as before:
        installation.start("worker1", threads=THREADS)
        sending.wait(lambda _: before.waiting == THREADS, f"every thread is about to write {step}")
        before.cut()
        before.open()
        sending.wait(lambda _: before.waiting == 0, "the cut ones are gone")
    unknown = THREADS if step == "accepted" else 0
    sending.hand_out_again()
    sending.until_all_but(unknown)
    assert sending.expire_claims() == unknown
    sending.settle_by_events()
    sending.check()
    assert not Submission.objects.exclude(outcome="accepted").exists()
