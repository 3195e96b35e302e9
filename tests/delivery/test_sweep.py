"""Handing due batches to the real queue: each once, lost ones again, and nothing that must wait."""

import os
import subprocess
import sys
import threading
from datetime import timedelta
from zoneinfo import ZoneInfo

import orjson
import pytest
import redis
from django.db import connection
from django.utils import timezone

from mailer.delivery import sweep as sweeping
from mailer.delivery.claim import claim
from mailer.delivery.models import Batch, Notice, Send
from mailer.delivery.plan import plan
from mailer.delivery.progress import progress
from mailer.delivery.record import record
from mailer.delivery.start import NotPlanned, discard, send_of, start
from mailer.delivery.steer import cancel, pause, resume
from mailer.delivery.sweep import LOST_AFTER, STALE_AFTER, sweep
from mailer.issues.models import Newsletter
from mailer.local.ports import free_port
from mailer.sendgrid.outcome import Retry
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


def planned(at: str = "example.org") -> Send:
    """A planned send of three batches: a reader for each of three topics, so each has an edition of its own."""
    issue = make_issue(TOPICS)
    for topic in TOPICS:
        subscribe(issue.newsletter.mailing_list, f"{topic}@{at}", topics=[topic])
    send = send_of(issue)
    plan(send)
    return send


def started(at: str = "example.org") -> Send:
    send = planned(at)
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


def down_for(send: Send, hours: float) -> None:
    """Let what waits have been due for so long."""
    Batch.objects.filter(send=send).update(due_at=timezone.now() - timedelta(hours=hours))


@pytest.mark.django_db
def test_what_the_system_comes_too_late_for_is_held_and_shown_and_goes_when_it_is_resumed(queue):
    send = started()
    Newsletter.objects.update(lateness_limit=6, time_zone="Asia/Singapore")
    meant = timezone.now() - timedelta(hours=7)
    Batch.objects.filter(send=send).update(due_at=meant)
    assert sweep() == 0
    assert queued(queue) == []
    send.refresh_from_db()
    notice = Notice.objects.get()
    assert (notice.send, notice.kind, notice.text) == (send, "held", send.paused_because)
    there = meant.astimezone(ZoneInfo("Asia/Singapore"))
    assert f"meant for, {there:%d %b %Y %H:%M} +08." in notice.text
    assert "more than 6 hours ago" in notice.text
    assert "3 people have not got it" in notice.text
    assert f"mailer resume {send.pk}." in notice.text
    assert f"mailer cancel {send.pk}." in notice.text
    assert sweep() == 0
    assert Notice.objects.count() == 1
    assert resume(send.pk)
    assert sweep() == 3
    assert queued(queue) == batches(send)


@pytest.mark.django_db
def test_what_is_late_within_the_limit_is_sent(queue):
    send = started()
    down_for(send, 5.9)
    assert sweep() == 3
    assert not Notice.objects.exists()


@pytest.mark.django_db
def test_a_send_of_which_a_part_is_too_late_is_held_whole(queue):
    send = started()
    Batch.objects.filter(pk=batches(send)[0]).update(due_at=timezone.now() - timedelta(hours=7))
    other = started("example.net")
    assert sweep() == 3
    assert queued(queue) == batches(other)
    send.refresh_from_db()
    assert "1 person has not got it" in send.paused_because


@pytest.mark.django_db
def test_what_was_handed_out_in_time_is_not_held(queue):
    send = started()
    down_for(send, 7)
    long_ago(send, 6 * 3600)
    assert sweep() == 3
    assert not Notice.objects.exists()


@pytest.mark.django_db
def test_what_waits_for_somebody_is_not_held_for_being_late(queue):
    paused, unstarted, cancelled = started(), planned("example.net"), started("example.com")
    pause(paused.pk, "wait")
    cancel(cancelled.pk, "enough")
    for send in (paused, unstarted, cancelled):
        down_for(send, 7)
    assert sweep() == 0
    assert not Notice.objects.exists()
    assert Send.objects.get(pk=paused.pk).paused_because == "wait"


@pytest.mark.django_db
def test_what_waits_for_the_winner_of_a_test_is_late_from_the_choice_on(queue):
    send = started()
    tried, *others = batches(send)
    Send.objects.filter(pk=send.pk).update(test_share=30)
    Batch.objects.filter(pk=tried).update(in_test=True)
    assert sweep() == 1
    assert queued(queue) == [tried]
    Batch.objects.filter(pk__in=others).update(due_at=timezone.now() - timedelta(hours=30))
    assert sweep() == 0
    Send.objects.filter(pk=send.pk).update(winner=0, decided_at=timezone.now() - timedelta(hours=5))
    assert sweep() == 2
    assert not Notice.objects.exists()


@pytest.mark.django_db
def test_what_waited_for_a_winner_and_is_too_late_after_the_choice_is_held(queue):
    send = started()
    decided = timezone.now() - timedelta(hours=7)
    Send.objects.filter(pk=send.pk).update(test_share=30, winner=0, decided_at=decided)
    down_for(send, 30)
    assert sweep() == 0
    assert f"{decided:%d %b %Y %H:%M} UTC" in Notice.objects.get().text


@pytest.mark.django_db(transaction=True)
def test_sweepers_at_once_hold_a_send_once_and_hand_out_nothing_of_it(queue):
    send = started()
    down_for(send, 7)
    together, handed, lock = threading.Barrier(4), [], threading.Lock()

    def work() -> None:
        try:
            together.wait(60)
            count = sweep()
            with lock:
                handed.append(count)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert handed == [0] * 4
    assert Notice.objects.count() == 1


@pytest.mark.django_db
def test_what_comes_back_to_a_cancelled_send_is_cancelled(queue):
    send = started()
    claimed = claim(batches(send)[0])
    cancel(send.pk, "enough")
    record(claimed, Retry("too many requests", after=0), 429)
    assert Batch.objects.get(pk=claimed.batch_id).state == "waiting"
    assert sweep() == 0
    assert set(Batch.objects.values_list("state", "queued_at")) == {("cancelled", None)}
    assert progress(send).finished
    assert progress(send).adds_up


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("sweep")
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
