"""A worker that is killed with letters in its hands, and a queue that is emptied: each letter arrives once."""

from contextlib import closing
from datetime import timedelta

import pytest
import redis
from django.utils import timezone

from mailer.delivery.evidence import LOOK_AGAIN, LOOKS, SAFE_WAIT, look_for_evidence
from mailer.delivery.letters.sweep import sweep_letters
from mailer.delivery.models import Batch, Submission
from mailer.delivery.settle import claim_limit, expire_claims
from mailer.emulator.config import LOCAL_API_KEY
from mailer.sendgrid.client import SendGrid
from mailer.tracking.fold import fold_events
from subscribers.letters.ask import ask
from subscribers.models import LetterKind
from tests.faults.gate import gate
from tests.newsroom import make_issue, subscribe

pytestmark = pytest.mark.xdist_group("letters")
THREADS = 4
"""Letters that a worker has in its hands."""
LETTERS = 6


def ask_for_letters() -> list[str]:
    """Letters to so many people. Returns their addresses."""
    mailing_list = make_issue().newsletter.mailing_list
    people = subscribe(mailing_list, *(f"reader{n}@example.org" for n in range(LETTERS)))
    for person in people:
        ask(LetterKind.LINK, person.pk, mailing_list.pk)
    return [person.email for person in people]


def in_state(state: str) -> int:
    return Batch.objects.filter(state=state).count()


def test_killed_before_the_claim(installation):
    """The tasks are off the queue, and nothing in the database says so: beat hands them out again."""
    wanted = ask_for_letters()
    with gate("submitting") as before_the_claim:
        installation.start("worker1", "beat", threads=THREADS)
        installation.wait(lambda: before_the_claim.waiting == THREADS, "every thread is about to claim")
        installation.kill("worker1")
        before_the_claim.open()
    assert in_state("waiting") == LETTERS
    assert not installation.inbox.messages()

    installation.start("worker2", threads=THREADS)
    installation.wait(lambda: in_state("accepted") == LETTERS, "beat hands every letter out again")
    assert installation.inbox.addresses() == wanted
    assert not Batch.objects.filter(attempts__gt=1).exists()


@pytest.mark.parametrize("accepted", [True, False])
def test_killed_inside_the_request(installation, accepted):
    """Whether SendGrid took them only SendGrid knows: its events or its logs say so, and nothing is guessed."""
    wanted = ask_for_letters()
    installation.inbox.fail("hang", count=THREADS, seconds=60, accepted=accepted)
    installation.start("worker1", "beat", threads=THREADS)
    installation.wait(
        lambda: installation.inbox.summary()["answers"].get("hang") == THREADS, "four requests hang"
    )
    installation.kill("worker1")
    assert in_state("submitting") == THREADS

    installation.start("web", "worker2", threads=THREADS)
    installation.wait(lambda: in_state("accepted") == LETTERS - THREADS, "the others go out")
    assert expire_claims(timezone.now() + claim_limit() + timedelta(seconds=1)) == THREADS
    assert in_state("unknown") == THREADS
    if accepted:
        settle_by_the_events(installation)
    else:
        settle_by_the_logs(installation)
    installation.wait(lambda: in_state("accepted") == LETTERS, "each letter is accepted")
    assert installation.inbox.addresses() == wanted
    assert Submission.objects.filter(evidence="event").count() == THREADS * accepted
    assert Batch.objects.filter(attempts__gt=1).count() == THREADS * (not accepted)


def test_a_queue_that_is_emptied_costs_no_letter(installation):
    wanted = ask_for_letters()
    assert sweep_letters() == LETTERS
    redis.Redis.from_url(installation.environment["REDIS_URL"]).flushdb()
    installation.start("worker1", "beat", threads=THREADS)
    installation.wait(lambda: in_state("accepted") == LETTERS, "beat hands every letter out again")
    assert installation.inbox.addresses() == wanted


def settle_by_the_events(installation) -> None:
    """Let SendGrid post what it knows to the site, and fold it as workers do."""
    installation.inbox.call("POST", "world", {"paused": False})
    installation.wait(lambda: fold_events() == in_state("unknown") == 0, "the events settle what is unknown")


def settle_by_the_logs(installation) -> None:
    """Look into the Email Logs as often as it takes to believe them."""
    with closing(SendGrid(LOCAL_API_KEY, installation.inbox.url)) as client:
        moment = timezone.now() + SAFE_WAIT
        for _ in range(LOOKS):
            moment += LOOK_AGAIN + timedelta(seconds=1)
            look_for_evidence(client, moment)
