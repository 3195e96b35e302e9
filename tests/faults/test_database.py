"""PostgreSQL goes away in the middle of a send, or cuts its connections."""

import pytest
from django.db import connection

from mailer.delivery.insist import LONGEST
from mailer.delivery.models import Submission
from tests.breakable import Postgres
from tests.faults.conftest import TIMEOUT
from tests.faults.gate import gate
from tests.faults.sending import Sending

pytestmark = pytest.mark.xdist_group("database")
THREADS = 2


@pytest.fixture
def under_way(request, installation, postgres) -> Sending:
    """A send of which something is out, and every thread of the worker is in a request.

    @pytest.mark.parametrize("under_way", [30], indirect=True): with so many seconds of patience with the database.
    """
    installation.environment["SENDGRID_TIMEOUT"] = str(getattr(request, "param", TIMEOUT))
    sending = Sending(installation)
    installation.start("web", "worker1", "beat", threads=THREADS)
    # Long enough that both are under way still when the ledger is taken away, also on a busy machine.
    sending.inbox.fail("latency", count=None, seconds=2)
    sending.start()
    sending.wait(lambda now: now.accepted > 0 and sending.claimed == THREADS, "two requests are under way")
    return sending


@pytest.mark.parametrize("how", ["stop", "crash"])
def test_a_restart_costs_nobody_the_issue_and_gives_nobody_two(under_way, postgres, how):
    """What SendGrid took while the ledger was away for long is unknown, until its events say so."""
    _take_away(under_way, postgres, how)
    worker = under_way.installation
    worker.wait(lambda: worker.log("worker1").count("database_stays_away") == THREADS, "nobody waits for it")
    _bring_back(under_way, postgres)
    under_way.wait(lambda now: now.waiting == now.in_flight, "the rest is out")
    assert under_way.expire_claims() > 0
    under_way.settle_by_events()
    under_way.check()


@pytest.mark.parametrize("under_way", [LONGEST], indirect=True)
@pytest.mark.parametrize("how", ["stop", "crash"])
def test_a_short_restart_leaves_nothing_unknown(under_way, postgres, how):
    """Whoever has an answer of SendGrid's waits for the ledger, to write it down."""
    _take_away(under_way, postgres, how)
    _bring_back(under_way, postgres)
    under_way.wait(lambda now: now.waiting == 0, "all is out, and recorded")
    assert under_way.expire_claims() == 0
    under_way.check()
    assert not Submission.objects.exclude(evidence="").exists()


@pytest.mark.parametrize("step", ["submitting", "accepted"])
def test_a_connection_that_is_cut_costs_nobody_the_issue_and_gives_nobody_two(installation, postgres, step):
    """Before the claim nothing has happened; before the record SendGrid has the mail, and it is recorded over another
    connection."""
    sending = Sending(installation)
    sending.start()
    installation.start("web")
    with gate(step) as before:
        installation.start("worker1", threads=THREADS)
        sending.wait(lambda _: before.waiting == THREADS, f"every thread is about to write {step}")
        before.cut()
        before.open()
        sending.wait(lambda _: before.waiting == 0, "the cut ones are gone")
    sending.hand_out_again()
    sending.until_all_but(0)
    assert sending.expire_claims() == 0
    sending.check()
    assert not Submission.objects.exclude(outcome="accepted").exists()


def _take_away(under_way: Sending, postgres: Postgres, how: str) -> None:
    """Let the database go, and SendGrid answer meanwhile."""
    messages = len(under_way.inbox.messages())
    getattr(postgres, how)()
    under_way.installation.wait(
        lambda: len(under_way.inbox.messages()) > messages, "SendGrid took something that nobody can record"
    )


def _bring_back(under_way: Sending, postgres: Postgres) -> None:
    postgres.start()
    connection.close()
    under_way.inbox.recover()
