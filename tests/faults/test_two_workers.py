"""Several processes at the same work at once."""

import os
from pathlib import Path

import pytest

from mailer.config.environment import VARIABLES
from mailer.delivery.models import Batch, Send, Submission
from mailer.delivery.start import discard
from tests.faults.gate import gate
from tests.faults.sending import BATCHES, PEOPLE, Sending

pytestmark = pytest.mark.xdist_group("queue")


def test_two_workers_at_the_same_batch_send_it_once(installation):
    """Both have read its task, and both are about to claim it."""
    sending = Sending(installation)
    sending.start()
    first = Batch.objects.order_by("pk")[0].pk
    with gate("submitting") as before_the_claim:
        installation.start("worker1", threads=1)
        sending.wait(lambda _: before_the_claim.waiting == 1, "the first has it")
        sending.deliver_twice(first)
        installation.start("worker2", threads=BATCHES)
        sending.wait(lambda _: before_the_claim.waiting_for_another == 1, "the second has it too")
        before_the_claim.open()
        sending.wait(lambda now: now.finished, "everything is out")
    sending.check()
    assert Submission.objects.count() == BATCHES


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"], indirect=True)
def test_workers_that_share_nothing_but_the_addresses_share_the_work(installation, broker, tmp_path):
    sending = Sending(installation)
    sending.inbox.fail("latency", count=None, seconds=0.2)
    sending.start()
    ours = {variable.name: installation.environment.get(variable.name, "") for variable in VARIABLES}
    needed = {"PATH": os.environ["PATH"], "MAILER_EMBEDDED": "no"}
    for name in ("worker1", "worker2"):
        place = Path(tmp_path / name)
        place.mkdir()
        installation.environment = {**needed, **ours, "MAILER_VAR": str(place / "var")}
        installation.start(name, threads=1, place=place)
    sending.wait(lambda now: now.finished, "everything is out")
    sending.check()
    for name in ("worker1", "worker2"):
        assert "submission_recorded" in installation.log(name)


def test_a_send_that_two_processes_trigger_at_once_goes_out_once(installation):
    sending = Sending(installation)
    assert discard(sending.send)
    installation.start("worker1", "beat")
    name = f"{sending.issue.newsletter.slug}/{sending.issue.number}"
    for n in (1, 2):
        installation.start_command(f"send{n}", "send", name, "--yes")
    assert [installation.end(f"send{n}") for n in (1, 2)] == [0, 0], installation.said()
    sending.send = Send.objects.get()
    sending.check()
    assert Submission.objects.count() == BATCHES
    for n in (1, 2):
        assert f"Accepted by SendGrid: {PEOPLE:,}" in installation.log(f"send{n}")
