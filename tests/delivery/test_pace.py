"""The pace of the account on the real Redis: never more at once, never faster, slower when SendGrid asks for it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
import redis
from django.utils import timezone

from mailer.delivery.models import BATCH_SIZE, Batch, Send, Submission
from mailer.delivery.pacing.pace import AWAY, KEYS, Later, Lease, Pace, pace
from mailer.delivery.plan import plan
from mailer.delivery.progress import progress
from mailer.delivery.record import LONGEST_DELAY
from mailer.delivery.start import send_of
from mailer.delivery.submit import submit
from mailer.local.ports import free_port
from mailer.local.waiting import wait_until
from mailer.sendgrid.outcome import Accepted, Rejected, Retry, Unknown
from subscribers.leaving import leave
from tests.newsroom import crowd, make_issue

LIMIT = 60
"""Seconds to wait for anything. Far above what it takes, also on a busy machine."""
TOO_MANY = Retry("too many requests", slow_down=True)


@pytest.fixture(autouse=True)
def memory() -> Iterator[redis.Redis]:
    """This worker's own Redis, emptied."""
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


def make(in_flight: int = 64, rate: int | None = None, lease: float = 60.0) -> Pace:
    return Pace(os.environ["REDIS_URL"], in_flight, rate, lease)


def leases(asked: Pace, count: int) -> list[Lease]:
    """So many requests that begin, whatever the rate."""
    given = [asked.enter(1, patience=LIMIT) for _ in range(count)]
    assert all(isinstance(lease, Lease) for lease in given)
    return given


def later(asked: Pace, recipients: int = 1) -> Later:
    answer = asked.enter(recipients, patience=0)
    assert isinstance(answer, Later)
    return answer


# Requests at once


def test_no_more_requests_begin_than_are_allowed_at_once():
    asked = make(in_flight=3)
    first, *_ = leases(asked, 3)
    assert later(asked).reason == "in_flight"
    asked.leave(first, Accepted("id"), 202)
    leases(asked, 1)
    assert asked.look().in_flight == 3


def test_threads_that_wait_all_get_their_turn_and_never_more_at_once():
    asked, at_once, seen, lock = make(in_flight=3), 0, [], threading.Lock()

    def work() -> None:
        nonlocal at_once
        for _ in range(5):
            lease = asked.enter(1, patience=LIMIT)
            with lock:
                at_once += 1
                seen.append(at_once)
            assert isinstance(lease, Lease)
            with lock:
                at_once -= 1
            asked.leave(lease, Accepted("id"), 202)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert len(seen) == 40
    assert max(seen) <= 3
    assert asked.look().in_flight == 0


PROGRAM = """
import sys, threading
import django, redis
django.setup()
from mailer.delivery.pacing.pace import Lease, Pace
from mailer.sendgrid.outcome import Accepted

url = sys.argv[1]
asked, counter = Pace(url, 2, None, 60.0), redis.Redis.from_url(url)

def work():
    for _ in range(5):
        lease = asked.enter(1, patience=60)
        assert isinstance(lease, Lease)
        counter.rpush("seen", counter.incr("at_once"))
        counter.decr("at_once")
        asked.leave(lease, Accepted("id"), 202)

threads = [threading.Thread(target=work) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


@pytest.mark.xdist_group("pace")
def test_processes_share_what_is_allowed_at_once(memory):
    command = [sys.executable, "-c", PROGRAM, os.environ["REDIS_URL"]]
    children = [subprocess.Popen(command) for _ in range(2)]
    assert [child.wait(LIMIT) for child in children] == [0, 0]
    seen = [int(value) for value in memory.lrange("seen", 0, -1)]
    assert len(seen) == 40
    assert max(seen) <= 2


@pytest.mark.xdist_group("pace")
def test_the_lease_of_a_killed_worker_ends_by_itself():
    program = (
        "import sys, time, django; django.setup()\n"
        "from mailer.delivery.pacing.pace import Pace\n"
        "print(Pace(sys.argv[1], 1, None, 2.0).enter(1), flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", program, os.environ["REDIS_URL"]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline().startswith("Lease(")
        child.send_signal(signal.SIGKILL)
    asked = make(in_flight=1, lease=2.0)
    assert wait_until(lambda: isinstance(asked.enter(1, patience=0), Lease), LIMIT)


def test_an_answer_of_redis_that_was_lost_gives_no_second_lease(memory):
    asked = make(in_flight=5, rate=1000)
    question = (KEYS, (5, 1000, "same", 700, 60_000_000, 0))
    first, again = asked._ask(*question), asked._ask(*question)
    assert first[0] == again[0] == 1
    assert asked.look().in_flight == 1
    assert float(memory.hget(KEYS[0], "tokens")) == pytest.approx(-700)


# Recipients a second


def test_no_more_recipients_go_than_the_rate_allows():
    size, rate = 500, 20_000
    asked = make(rate=rate)
    begun = []
    for _ in range(16):
        lease = asked.enter(size, patience=LIMIT)
        assert isinstance(lease, Lease)
        begun.append(lease.began / 1e6)
    for first in range(len(begun)):
        for last in range(first, len(begun)):
            went = size * (last - first + 1)
            assert went <= rate * (begun[last] - begun[first]) + BATCH_SIZE + size + 1


def test_a_rate_of_less_than_a_request_a_second_says_when_the_next_may_go():
    asked = make(rate=100)
    asked.enter(1000)
    wait = later(asked, 1000)
    assert wait.reason == "rate"
    assert 9 < wait.seconds <= 10


def test_those_who_go_back_get_times_of_their_own_but_none_far_ahead():
    asked = make(rate=100)
    asked.enter(1000)
    waits = [later(asked, 1000).seconds for _ in range(20)]
    steps = [after - before for before, after in pairwise(waits)]
    assert all(9 < step <= 10.1 for step in steps[:4])
    assert max(waits) <= 60.1


def test_a_request_that_is_not_made_costs_nothing():
    asked = make(in_flight=1, rate=100)
    lease = asked.enter(1000)
    asked.leave(lease, None)
    assert isinstance(asked.enter(1000, patience=0), Lease)


# Giving way and recovering


def test_too_many_requests_halve_the_pace_once_for_all_that_were_under_way():
    asked = make(in_flight=16, rate=8000)
    for lease in leases(asked, 16):
        asked.leave(lease, TOO_MANY, 429)
    now = asked.look()
    assert (now.allowed, now.rate) == (8, 4000)
    (next_burst,) = leases(asked, 1)
    asked.leave(next_burst, TOO_MANY, 429)
    now = asked.look()
    assert (now.allowed, now.rate) == (4, 2000)


@pytest.mark.parametrize(
    ("outcome", "status", "allowed"),
    [
        (TOO_MANY, 429, 4),
        (Unknown("http_503"), 503, 4),
        (Retry("http_502 before the request was written", slow_down=True), 502, 4),
        (Unknown("no answer: timeout"), None, 8),
        (Retry("not connected: refused"), None, 8),
        (Rejected("bad_request", "no"), 400, 8),
        (Accepted("id"), 202, 8),
        (None, None, 8),
    ],
)
def test_only_what_asks_for_less_halves_the_pace(outcome, status, allowed):
    asked = make(in_flight=8)
    (lease,) = leases(asked, 1)
    asked.leave(lease, outcome, status)
    assert asked.look().allowed == allowed


def test_one_request_at_a_time_is_the_least_and_then_a_moment_lies_between_two():
    asked = make(in_flight=2)
    (lease,) = leases(asked, 1)
    asked.leave(lease, TOO_MANY, 429)
    assert asked.look().allowed == 1
    assert asked.look().closed_for == 0
    (lease,) = leases(asked, 1)
    asked.leave(lease, TOO_MANY, 429)
    assert asked.look().allowed == 1
    assert later(asked).reason == "closed"
    assert isinstance(asked.enter(1, patience=LIMIT), Lease)


def test_it_recovers_by_one_request_for_every_round_of_accepted_ones():
    asked = make(in_flight=4)
    before, lease = leases(asked, 2)
    asked.leave(lease, TOO_MANY, 429)
    asked.leave(before, Accepted("id"), 202)  # began before: it proves nothing
    allowed = []
    for _ in range(6):
        (lease,) = leases(asked, 1)
        asked.leave(lease, Accepted("id"), 202)
        allowed.append(asked.look().allowed)
    assert allowed == [2, 3, 3, 3, 4, 4]


def test_the_rate_recovers_in_steps_within_a_minute(memory):
    asked = make(rate=1200)
    asked.leave(asked.enter(1), TOO_MANY, 429)
    assert asked.look().rate == 600
    halved = int(memory.hget(KEYS[0], "stepped_at"))
    rates = []
    for seconds in (11, 31, 61):
        memory.hset(KEYS[0], "stepped_at", halved - seconds * 1_000_000)
        rates.append(asked.look().rate)
    assert rates == [800, 1200, 1200]


def test_a_reset_time_closes_the_gate_for_everybody():
    asked, other = make(), make()
    asked.leave(asked.enter(1), Retry("too many requests", until=int(time.time()) + 60, slow_down=True), 429)
    wait = later(other)
    assert wait.reason == "closed"
    assert 30 < wait.seconds <= 60
    other.reset()
    assert isinstance(asked.enter(1, patience=0), Lease)


@pytest.mark.parametrize(
    ("asked_for", "seconds"),
    [({"until": int(time.time()) + 86_400}, LONGEST_DELAY), ({"after": 40}, 40), ({"until": 1}, 0)],
)
def test_the_gate_is_closed_for_as_long_as_asked_but_not_for_ever(asked_for, seconds):
    asked = make()
    asked.leave(asked.enter(1), Retry("too many requests", slow_down=True, **asked_for), 429)
    assert asked.look().closed_for == pytest.approx(seconds, abs=20 if seconds else 0)


def test_an_earlier_reset_time_does_not_open_the_gate():
    asked = make()
    first, second = leases(asked, 2)
    asked.leave(first, Retry("too many requests", after=200, slow_down=True), 429)
    asked.leave(second, Retry("too many requests", after=10, slow_down=True), 429)
    assert asked.look().closed_for > 100


# Redis emptied, and away


def test_an_emptied_redis_means_the_full_pace_again(memory):
    asked = make(in_flight=2)
    (lease,) = leases(asked, 1)
    asked.leave(lease, Retry("too many requests", after=60, slow_down=True), 429)
    memory.flushdb()
    memory.script_flush()
    old, _ = leases(asked, 2)
    memory.flushdb()
    asked.leave(old, Accepted("id"), 202)
    assert asked.look().in_flight == 0
    assert asked.look().allowed == 2


def test_while_redis_is_away_no_request_begins():
    away = Pace(f"redis://127.0.0.1:{free_port()}/0", 64, None, 60.0)
    assert later(away) == Later(AWAY, "redis")
    (lease,) = leases(make(), 1)
    away.leave(lease, Accepted("id"), 202)  # the lease ends by itself


# What it means for a batch


def batches(size: int, count: int = 1) -> tuple[Send, list[int]]:
    """A started send of so many batches, each of an issue's stories of its own topic."""
    topics = ("ai", "policy", "travel")[:count]
    issue = make_issue(topics)
    for topic in topics:
        crowd(issue.newsletter.mailing_list, size, topics=[topic])
    send = send_of(issue)
    plan(send)
    Send.objects.filter(pk=send.pk).update(started_at=timezone.now())
    ids = sorted(Batch.objects.filter(send=send).values_list("id", flat=True))
    assert len(ids) == count
    return send, ids


def let_go(batch_id: int) -> None:
    """Let the time come to which a batch was put off."""
    batch = Batch.objects.get(pk=batch_id)
    assert (batch.state, batch.queued_at) == ("waiting", None)
    assert batch.due_at > timezone.now()
    Batch.objects.filter(pk=batch_id).update(due_at=timezone.now())


@pytest.mark.django_db
def test_a_batch_that_may_not_go_is_put_off_unclaimed_and_goes_later(inbox):
    send, (first, second) = batches(3, 2)
    inbox.fail("rate_limit", seconds=60)
    Batch.objects.update(queued_at=timezone.now())
    assert submit(first)
    assert not submit(second)
    assert inbox.summary()["answers"] == {"429": 1}
    put_off = Batch.objects.get(pk=second)
    assert (put_off.submission_id, put_off.attempts, put_off.queued_at) == (None, 0, None)
    assert timedelta(seconds=30) < put_off.due_at - timezone.now() <= timedelta(seconds=62)
    pace().reset()
    for batch_id in (first, second):
        let_go(batch_id)
        assert submit(batch_id)
    assert progress(send).accepted == len(set(inbox.addresses())) == len(inbox.messages()) == 6


@pytest.mark.django_db
def test_each_way_out_of_a_submission_gives_its_lease_back(inbox):
    send, (first, second, third) = batches(1, 3)
    assert submit(first)
    leave(send.mailing_list_id, Batch.objects.get(pk=second).subscriber_ids[0], source="test")
    assert not submit(second)  # nobody is left in it
    Send.objects.filter(pk=send.pk).update(paused_at=None)
    send.editions.update(tags=[{"key": "k", "expression": "{{", "context": "html"}])
    Batch.objects.filter(pk=third).update(edition_id=send.editions.order_by("-id").first().pk)
    assert not submit(third)  # no request can be made of it
    assert pace().look().in_flight == 0
    assert len(inbox.messages()) == 1


@pytest.mark.django_db
def test_what_is_not_waiting_asks_nobody(inbox, settings):
    _, (batch_id,) = batches(1)
    assert submit(batch_id)
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, redis_url=f"redis://127.0.0.1:{free_port()}/0")
    assert not submit(batch_id)
    assert Batch.objects.get(pk=batch_id).state == "accepted"


@pytest.mark.django_db
def test_a_redis_that_is_away_sends_nothing_and_loses_nothing(inbox, settings):
    send, (batch_id,) = batches(3)
    here = settings.ENVIRONMENT
    settings.ENVIRONMENT = replace(here, redis_url=f"redis://127.0.0.1:{free_port()}/0")
    assert not submit(batch_id)
    assert inbox.messages() == []
    assert not Submission.objects.exists()
    settings.ENVIRONMENT = here
    let_go(batch_id)
    assert submit(batch_id)
    assert progress(send).accepted == len(inbox.messages()) == 3


@pytest.mark.django_db
def test_a_redis_that_is_emptied_in_between_loses_and_doubles_nothing(inbox, memory):
    send, ids = batches(2, 3)
    for batch_id in ids:
        memory.flushdb()
        assert submit(batch_id)
    assert progress(send).accepted == len(set(inbox.addresses())) == len(inbox.messages()) == 6
