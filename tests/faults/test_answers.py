"""Whatever SendGrid answers in the middle of a send, a real worker loses nobody and mails nobody twice."""

from collections.abc import Iterator

import pytest
import redis

from mailer.delivery.models import Delivery, Submission
from mailer.delivery.steer import resume
from subscribers.models import Subscriber
from tests.faults.conftest import installed, talk_to
from tests.faults.sending import BATCHES, PEOPLE, Sending
from tests.installation import Installation

pytestmark = pytest.mark.xdist_group("answers")


@pytest.fixture(scope="module")
def standing(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Installation]:
    """An installation whose worker stays from test to test: no answer may hurt it."""
    with django_db_blocker.unblock(), installed(tmp_path_factory.mktemp("standing")) as running:
        running.start("worker")
        yield running


@pytest.fixture
def ready(standing, transactional_db, settings) -> Installation:
    """It, with nothing left of the test before."""
    redis.Redis.from_url(standing.environment["REDIS_URL"]).flushdb()
    standing.inbox.call("POST", "reset")
    talk_to(settings, standing)
    return standing


@pytest.fixture
def sending(ready) -> Sending:
    return Sending(ready)


def named(fault: dict[str, object]) -> str:
    return "-".join(map(str, fault.values()))


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "rate_limit", "count": 2 * BATCHES, "seconds": 1},
        {"kind": "rate_limit", "count": 2 * BATCHES, "reset_header": False},
        {"kind": "no_message_id", "count": 6},
        {"kind": "too_large", "count": 2},
        {"kind": "reject_unnamed", "count": 2},
        {"kind": "latency", "count": 6, "seconds": 0.5},
    ],
    ids=named,
)
def test_what_is_proven_not_accepted_goes_again_until_everybody_has_one(sending, fault):
    sending.inbox.fail(**fault)
    sending.start()
    now = sending.until_nothing_waits()
    assert (now.accepted, now.unknown, now.rejected) == (PEOPLE, 0, 0)
    sending.check()


@pytest.mark.parametrize(
    "faults",
    [
        [{"kind": "server_error", "count": 3, "status": 500}],
        [{"kind": "server_error", "count": 3, "status": 502}],
        [{"kind": "server_error", "count": 3, "status": 503, "accepted": True}],
        [{"kind": "hang", "count": 2, "seconds": 8}],
        [{"kind": "hang", "count": 2, "seconds": 8, "accepted": True}],
        [{"kind": "reset_before", "count": 3}],
        [{"kind": "reset_after", "count": 3}],
        [
            {"kind": "server_error", "count": 2, "status": 500},
            {"kind": "server_error", "count": 2, "status": 502, "accepted": True},
            {"kind": "server_error", "count": 2, "status": 503},
        ],
    ],
    ids=lambda faults: "+".join(map(named, faults)),
)
def test_what_proves_nothing_is_unknown_until_evidence_settles_it_and_then_everybody_has_one(sending, faults):
    for fault in faults:
        sending.inbox.fail(**fault)
    sending.start()
    before = sending.until_nothing_waits()
    assert before.accepted + before.unknown == PEOPLE
    assert len(sending.inbox.addresses()) == len(set(sending.inbox.addresses()))
    sending.settle_by_the_logs()
    sending.until_nothing_waits()
    sending.check()


def test_a_burst_that_lasts_ends_with_everybody_having_one(sending):
    """Half of all requests fail, in every way that 5xx has, while evidence settles what it can."""
    for number, status in enumerate((500, 502, 503), start=1):
        for accepted in (True, False):
            sending.inbox.fail(
                "server_error", probability=0.1, seed=number + 10 * accepted, status=status, accepted=accepted
            )
    sending.start()
    for _ in range(20):
        if sending.until_nothing_waits().finished:
            break
        sending.settle_by_the_logs()
    sending.check()
    assert sending.inbox.summary()["answers"].keys() >= {"202", "500"}


def test_a_request_that_breaks_off_in_its_body_goes_again_without_evidence(ready):
    """A body that is larger than what the kernels hold: its end was never written, so nobody can have it."""
    sending = Sending(ready, intro="{{ subscriber.attributes.note }}")
    Subscriber.objects.update(attributes={"note": "n" * 3_500})
    sending.inbox.fail("reset_before", count=BATCHES)
    sending.start()
    sending.until_nothing_waits()
    broken = Submission.objects.get(size=1_000, outcome="not_accepted")
    assert broken.reason.startswith("broke off before the request was written")
    assert (broken.evidence, broken.fruitless_looks) == ("", 0)
    assert Submission.objects.filter(batch=broken.batch, outcome="accepted").count() == 1

    sending.settle_by_the_logs()  # of smaller batches, which were written to the end
    sending.until_nothing_waits()
    sending.check()


def test_a_recipient_that_an_answer_names_is_rejected_alone(sending):
    bad = sending.people[PEOPLE // 2]
    sending.inbox.fail("reject_recipient", address=bad, count=None)
    sending.start()
    now = sending.until_nothing_waits()
    assert (now.accepted, now.rejected) == (PEOPLE - 1, 1)
    assert Delivery.objects.exclude(rejected_because=None).get().subscriber.email == bad
    assert bad not in sending.inbox.addresses()
    sending.check(rejected=1)


@pytest.mark.parametrize("kind", ["unauthorized", "forbidden"])
def test_an_account_that_is_refused_in_the_middle_pauses_the_send_and_everybody_gets_it_after(sending, kind):
    sending.inbox.fail(kind, skip=2, count=3)
    sending.start()
    now = sending.until_nothing_waits()
    assert sending.send.paused_at
    assert 0 < now.accepted < PEOPLE
    assert now.accepted + now.waiting == PEOPLE
    sending.inbox.recover()
    assert resume(sending.send.pk)
    sending.until_nothing_waits()
    sending.check()
