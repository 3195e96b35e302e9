"""A worker that is killed in the middle of a send."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailer.delivery.models import Batch, Submission
from mailer.delivery.plan import plan
from mailer.delivery.progress import progress
from mailer.delivery.settle import claim_limit, expire_claims
from mailer.delivery.start import send_of, start
from tests.newsroom import crowd, make_issue


@pytest.mark.xdist_group("processes")
def test_a_killed_worker_loses_nobody_and_sends_nothing_twice(installation):
    issue = make_issue()
    people = crowd(issue.newsletter.mailing_list, 8_000) + crowd(
        issue.newsletter.mailing_list, 40, topics=["ai"]
    )
    send = send_of(issue)
    plan(send)
    # Each of the worker's four threads ends up in a request that was accepted and is never answered.
    installation.inbox.fail("hang", count=4, skip=2, seconds=60, accepted=True)
    installation.start("web", "worker1")
    start(send)
    installation.wait(lambda: installation.inbox.summary()["messages"] == 6_000, "four requests hang")
    assert progress(send).in_flight == 4_000
    assert progress(send).adds_up

    installation.kill("worker1")
    installation.start("worker2", "beat")
    installation.wait(
        lambda: progress(send).waiting == progress(send).in_flight == 4_000, "the rest was sent"
    )
    assert progress(send).adds_up
    assert expire_claims(timezone.now() + claim_limit() + timedelta(seconds=1)) == 4
    now = progress(send)
    assert (now.unknown, now.waiting, now.accepted, now.adds_up) == (4_000, 0, 4_040, True)

    installation.inbox.call("POST", "world", {"paused": False})
    installation.wait(lambda: progress(send).finished, "the events settle what was unknown")
    now = progress(send)
    assert (now.accepted, now.adds_up) == (8_040, True)
    assert Submission.objects.filter(evidence="event").count() == 4
    assert Batch.objects.filter(attempts__gt=1).count() == 0
    assert installation.inbox.addresses() == sorted(person.email for person in people)
