"""Whatever SendGrid answers in the middle of a send, a real worker loses nobody and mails nobody twice."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailer.delivery.evidence import LOOK_AGAIN, LOOKS, SAFE_WAIT, look_for_evidence
from mailer.delivery.models import Batch, Delivery, Send
from mailer.delivery.plan import plan
from mailer.delivery.progress import Progress, progress
from mailer.delivery.start import send_of, start
from mailer.delivery.steer import resume
from mailer.delivery.sweep import sweep
from mailer.emulator.config import LOCAL_API_KEY
from mailer.sendgrid.client import SendGrid
from tests.newsroom import crowd, make_issue

pytestmark = pytest.mark.xdist_group("processes")
PEOPLE = 4_500


class Sending:
    """A send to many, with one worker, that faults were ordered for."""

    def __init__(self, installation, bad: int | None = None, **fault: object) -> None:
        self.installation = installation
        self.inbox = installation.inbox
        issue = make_issue()
        self.people = sorted(
            person.email
            for person in [
                *crowd(issue.newsletter.mailing_list, PEOPLE - 500),
                *crowd(issue.newsletter.mailing_list, 500, topics=["ai"]),
            ]
        )
        self.send: Send = send_of(issue)
        plan(self.send)
        if bad is not None:
            fault = {"kind": "reject_recipient", "address": self.people[bad], "count": None}
        if fault:
            self.inbox.fail(**fault)
        installation.start("worker")
        start(self.send)

    def until_nothing_waits(self) -> Progress:
        """Sweep as beat would, and hold the identity at every look."""

        def nothing_waits() -> bool:
            now = progress(self.send)
            assert now.adds_up
            Batch.objects.filter(state="waiting").update(
                due_at=timezone.now()
            )  # nobody waits for a later try
            sweep()
            self.send.refresh_from_db()
            return now.waiting == 0 or (self.send.paused_at is not None and now.in_flight == 0)

        self.installation.wait(nothing_waits, "nothing waits any more")
        return progress(self.send)

    def settle_by_the_logs(self) -> None:
        """Look into the Email Logs as often as it takes to believe them."""
        client = SendGrid(LOCAL_API_KEY, self.inbox.url)
        moment = timezone.now() + SAFE_WAIT
        for _ in range(LOOKS):
            moment += LOOK_AGAIN + timedelta(seconds=1)
            look_for_evidence(client, moment)
        client.close()


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "rate_limit", "count": 6, "seconds": 1},
        {"kind": "rate_limit", "count": 6, "reset_header": False},
        {"kind": "no_message_id", "count": 6},
        {"kind": "too_large", "count": 2},
        {"kind": "reject_unnamed", "count": 2},
        {"kind": "latency", "count": 6, "seconds": 0.5},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_what_is_proven_not_accepted_goes_again_until_everybody_has_one(installation, fault):
    sending = Sending(installation, **fault)
    now = sending.until_nothing_waits()
    assert (now.accepted, now.unknown, now.rejected) == (PEOPLE, 0, 0)
    assert sending.inbox.addresses() == sending.people


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "server_error", "count": 3, "status": 500},
        {"kind": "server_error", "count": 3, "status": 502},
        {"kind": "server_error", "count": 3, "status": 503, "accepted": True},
        {"kind": "hang", "count": 2, "seconds": 30},
        {"kind": "hang", "count": 2, "seconds": 30, "accepted": True},
        {"kind": "reset_before", "count": 3},
        {"kind": "reset_after", "count": 3},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_what_proves_nothing_is_unknown_until_evidence_settles_it_and_then_everybody_has_one(
    installation, fault
):
    sending = Sending(installation, **fault)
    before = sending.until_nothing_waits()
    assert before.accepted + before.unknown == PEOPLE
    assert len(sending.inbox.addresses()) == len(set(sending.inbox.addresses()))
    sending.settle_by_the_logs()
    after = sending.until_nothing_waits()
    assert (after.accepted, after.unknown) == (PEOPLE, 0)
    assert sending.inbox.addresses() == sending.people


def test_a_recipient_that_an_answer_names_is_rejected_alone(installation):
    sending = Sending(installation, bad=PEOPLE // 2)
    bad = sending.people[PEOPLE // 2]
    now = sending.until_nothing_waits()
    assert (now.accepted, now.rejected) == (PEOPLE - 1, 1)
    assert Delivery.objects.exclude(rejected_because=None).get().subscriber.email == bad
    assert bad not in sending.inbox.addresses()


@pytest.mark.parametrize("kind", ["unauthorized", "forbidden"])
def test_an_account_that_is_refused_in_the_middle_pauses_the_send_and_everybody_gets_it_after(
    installation, kind
):
    sending = Sending(installation, kind=kind, skip=2, count=3)
    now = sending.until_nothing_waits()
    assert sending.send.paused_at
    assert 0 < now.accepted < PEOPLE
    assert now.accepted + now.waiting == PEOPLE
    sending.inbox.recover()
    assert resume(sending.send.pk)
    now = sending.until_nothing_waits()
    assert now.accepted == PEOPLE
    assert sending.inbox.addresses() == sending.people
