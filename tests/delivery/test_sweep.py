"""Handing due batches to the real queue: each once, lost ones again, and nothing that must wait."""

import os
import subprocess
import sys
from datetime import timedelta

import orjson
import pytest
import redis
from django.db import connection
from django.utils import timezone

from mailer.delivery import sweep as sweeping
from mailer.delivery.models import Batch, Send
from mailer.delivery.plan import plan
from mailer.delivery.start import NotPlanned, discard, send_of, start
from mailer.delivery.steer import pause, resume
from mailer.delivery.sweep import LOST_AFTER, STALE_AFTER, sweep
from mailer.local.ports import free_port
from tests.newsroom import make_issue, subscribe

TOPICS = ("ai", "policy", "travel")


@pytest.fixture
def queue() -> redis.Redis:
    """This worker's own Redis, emptied."""
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


def planned() -> Send:
    """A planned send of three batches: a reader for each of three topics, so each has an edition of its own."""
    issue = make_issue(TOPICS)
    for topic in TOPICS:
        subscribe(issue.newsletter.mailing_list, f"{topic}@example.org", topics=[topic])
    send = send_of(issue)
    plan(send)
    return send


def started() -> Send:
    send = planned()
    Send.objects.filter(pk=send.pk).update(started_at=timezone.now())
    return send


def queued(queue: redis.Redis) -> list[int]:
    """The batches in the queue, in the order in which workers would get them."""
    bodies = [orjson.loads(raw) for raw in reversed(queue.lrange(sweeping.QUEUE, 0, -1))]
    tasks = [
        (
            body["headers"]["task"],
            orjson.loads(body["headers"]["argsrepr"].replace(",)", "]").replace("(", "[")),
        )
        for body in bodies
    ]
    assert {name for name, _ in tasks} <= {"mailer.delivery.tasks.submit"}
    return [batch_id for _, (batch_id,) in tasks]


def batches(send: Send) -> list[int]:
    return sorted(Batch.objects.filter(send=send).values_list("id", flat=True))


def long_ago(send: Send, seconds: int) -> None:
    """Let the batches have been handed out so many seconds before now."""
    Batch.objects.filter(send=send).update(queued_at=timezone.now() - timedelta(seconds=seconds))


@pytest.mark.django_db
def test_every_due_batch_is_handed_out_once(queue):
    send = started()
    assert sweep() == 3
    assert queued(queue) == batches(send)
    assert sweep() == 0
    assert queued(queue) == batches(send)


@pytest.mark.django_db
def test_a_task_carries_the_id_of_its_batch_and_nothing_else(queue):
    send = started()
    sweep()
    (raw, *_) = queue.lrange(sweeping.QUEUE, 0, -1)
    text = raw.decode()
    assert "example.org" not in text
    headers = orjson.loads(raw)["headers"]
    assert headers["eta"] is headers["expires"] is None
    assert headers["ignore_result"] is True
    assert len(batches(send)) == 3


@pytest.mark.django_db
def test_what_the_queue_lost_is_handed_out_again_after_a_moment(queue):
    send = started()
    sweep()
    queue.flushdb()
    assert sweep() == 0, "workers may have taken them just now"
    long_ago(send, LOST_AFTER + 1)
    assert sweep() == 3
    assert queued(queue) == batches(send)
    assert sweep() == 0


@pytest.mark.django_db
def test_what_waits_in_the_queue_is_not_handed_out_a_second_time_soon(queue):
    send = started()
    sweep()
    long_ago(send, LOST_AFTER + 1)
    assert sweep() == 0
    long_ago(send, STALE_AFTER + 1)
    assert sweep() == 3
    assert sorted(queued(queue)) == sorted(batches(send) * 2)


@pytest.mark.django_db
def test_nothing_is_handed_out_before_the_start(queue):
    send = planned()
    assert sweep() == 0
    assert queued(queue) == []
    assert start(send)
    assert queued(queue) == batches(send)
    assert not start(send)
    assert queued(queue) == batches(send)


@pytest.mark.django_db
def test_nothing_is_handed_out_while_paused(queue):
    send = started()
    pause(send.pk, "wait")
    assert sweep() == 0
    resume(send.pk)
    assert sweep() == 3


@pytest.mark.django_db
def test_a_send_does_not_wait_for_another_that_is_paused(queue):
    paused, running = started(), None
    pause(paused.pk, "wait")
    issue = make_issue(TOPICS)
    subscribe(issue.newsletter.mailing_list, "other@example.org")
    running = send_of(issue)
    plan(running)
    start(running)
    assert queued(queue) == batches(running)


@pytest.mark.django_db
def test_a_batch_that_is_due_later_waits(queue):
    send = started()
    later = batches(send)[0]
    Batch.objects.filter(pk=later).update(due_at=timezone.now() + timedelta(minutes=5))
    assert sweep() == 2
    assert later not in queued(queue)
    Batch.objects.filter(pk=later).update(due_at=timezone.now())
    assert sweep() == 1
    assert queued(queue)[-1] == later


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["submitting", "accepted", "rejected", "unknown"])
def test_only_batches_that_wait_are_handed_out(queue, state):
    send = started()
    for number, batch_id in enumerate(batches(send)):
        Batch.objects.filter(pk=batch_id).update(
            state=state, submission_id=f"00000000-0000-0000-0000-{number:012}"
        )
    assert sweep() == 0
    assert queued(queue) == []


@pytest.mark.django_db
def test_a_send_that_is_not_planned_cannot_be_started(queue):
    issue = make_issue()
    send = send_of(issue)
    with pytest.raises(NotPlanned, match="plan it first"):
        start(send)
    send.refresh_from_db()
    assert send.started_at is None


@pytest.mark.django_db
def test_a_send_can_be_discarded_until_it_is_started(queue):
    send = planned()
    assert discard(send)
    assert not Send.objects.exists()
    assert not Batch.objects.exists()
    issue = make_issue()
    again = send_of(issue)
    plan(again)
    start(again)
    assert not discard(again)
    assert Send.objects.get() == again


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("processes")
def test_a_queue_that_is_away_loses_nothing(queue):
    send = planned()
    away = f"redis://127.0.0.1:{free_port()}/0"
    program = (
        "import django; django.setup()\n"
        "from mailer.delivery.models import Send\n"
        "from mailer.delivery.start import start\n"
        f"print(start(Send.objects.get(pk={send.pk})))"
    )
    database = os.environ["DATABASE_URL"].replace("/mailer?", f"/{connection.settings_dict['NAME']}?")
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "CELERY_BROKER_URL": away, "DATABASE_URL": database},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "True"), done.stderr
    assert "queue_away" in done.stderr
    send.refresh_from_db()
    assert send.started_at
    assert set(Batch.objects.values_list("state", flat=True)) == {"waiting"}
    long_ago(send, LOST_AFTER + 1)
    assert sweep() == 3
    assert queued(queue) == batches(send)
