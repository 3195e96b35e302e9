"""Alerts: each begins once with one mail to an owner, stays, ends, and may begin again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import orjson
import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone
from structlog.testing import capture_logs

from mailer.config.celery import app
from mailer.delivery.guard import watch as guard
from mailer.delivery.models import Batch, Delivery, Notice, Send, Submission, SuppressionSync
from mailer.delivery.notices import mail_notices
from mailer.delivery.steer import cancel, pause, resume
from mailer.delivery.submit import sendgrid
from mailer.delivery.suppressing.pull import pull
from mailer.delivery.suppressing.push import push
from mailer.delivery.suppressing.remove import remove_lifted
from mailer.delivery.suppressing.turn import KEY
from mailer.issues.models import Newsletter
from mailer.sendgrid.errors import CallFailed
from mailer.tracking import tasks
from mailer.tracking.alerts.count import open_alerts
from mailer.tracking.alerts.look import ABOUT, FAILING, LATE, SILENT, WARNED
from mailer.tracking.alerts.watch import CALM, watch
from mailer.tracking.fold import fold_events
from mailer.tracking.intake import store
from mailer.tracking.models import Alert, AlertKind, Post
from subscribers.suppressing.add import suppress
from tests.inbox import Inbox
from tests.tracking.ledger import Ledger, make_send

pytestmark = pytest.mark.django_db
OWNER = "owner@example.org"


def ago(span: timedelta) -> datetime:
    return timezone.now() - span


def later(span: timedelta) -> datetime:
    return timezone.now() + span


def unheard(span: timedelta = SILENT + timedelta(minutes=1), owner: str = OWNER, **how: object) -> Ledger:
    """Mail to three people, accepted so long ago, of which no event came."""
    ledger = make_send(submitted_at=ago(span), **how)
    Newsletter.objects.filter(issues__sends=ledger.send).update(owner_email=owner)
    return ledger


def hear(ledger: Ledger) -> None:
    """Let a post come in and be folded."""
    store(orjson.dumps([ledger.event("open")]))
    fold_events()


def opened() -> list[str]:
    return [
        f"{alert.kind} {alert.subject}".strip()
        for alert in Alert.objects.filter(ended_at=None).order_by("id")
    ]


def mailed(inbox: Inbox) -> list[str]:
    """Mail what is to be mailed; the subjects of all that was."""
    mail_notices(sendgrid())
    return [message["subject"] for message in inbox.messages()]


def test_it_begins_with_the_numbers_and_what_to_do_in_one_mail(inbox, settings):
    unheard()
    with capture_logs() as lines:
        watch()
    alert = Alert.objects.get()
    assert (alert.kind, alert.subject, alert.ended_at) == ("webhook_silent", "", None)
    assert "mail to 3 people in 1 request since" in alert.text
    assert "None ever came" in alert.text
    assert f"{settings.PUBLIC_URL}/webhooks/sendgrid/events" in alert.text
    assert "mailer doctor" in alert.text
    assert [(line["event"], line["log_level"]) for line in lines if "alert" in line["event"]] == [
        ("alert_began", "error")
    ]
    assert mailed(inbox) == ["[mailer] SendGrid's event webhook is silent"]
    (message,) = inbox.messages(full=True)
    assert message["to"] == OWNER
    assert alert.text in message["text"].replace("\r\n", "\n")
    assert f"{settings.PUBLIC_URL}/staff/tracking/alert/{alert.pk}/change/" in message["text"]


def test_while_it_stays_open_nothing_is_told_again(inbox):
    ledger = unheard()
    watch()
    mailed(inbox)
    Submission.objects.create(batch=ledger.batch, size=700, outcome="accepted", started_at=ago(SILENT * 1.01))
    with capture_logs() as lines:
        for minutes in (1, 90, 3_000):
            watch(later(timedelta(minutes=minutes)))
    alert = Alert.objects.get()
    assert lines == []
    assert alert.ended_at is None
    assert alert.seen_at > later(timedelta(minutes=2_999))
    assert "mail to 703 people in 2 requests" in alert.text, "it says how it is now"
    assert len(mailed(inbox)) == 1


def test_it_ends_with_a_short_mail_to_who_was_told_and_may_begin_again(inbox):
    ledger = unheard()
    watch()
    mailed(inbox)
    hear(ledger)
    watch()
    assert opened() == ["webhook_silent"], "it has not been away for long enough"
    with capture_logs() as lines:
        watch(later(CALM))
        watch(later(CALM * 2))
    assert [(line["event"], line["log_level"]) for line in lines if "alert" in line["event"]] == [
        ("alert_ended", "warning")
    ]
    assert opened() == []
    assert Alert.objects.get().ended_at is not None
    title = "SendGrid's event webhook is silent"
    assert mailed(inbox) == [f"[mailer] {title}", f"[mailer] Over: {title}"]
    Submission.objects.create(batch=ledger.batch, size=5, outcome="accepted")
    watch(later(SILENT * 2))
    assert Alert.objects.count() == 2
    assert mailed(inbox)[2:] == [f"[mailer] {title}"]


def test_what_was_over_before_its_mail_left_is_not_mailed(inbox):
    ledger = unheard()
    watch()
    hear(ledger)
    watch(later(CALM))
    assert opened() == []
    assert mailed(inbox) == []


def test_what_comes_and_goes_within_minutes_is_one_alert(inbox):
    unheard()
    for minutes in range(0, 20, 4):
        watch(later(timedelta(minutes=minutes)))
    assert Alert.objects.count() == Notice.objects.count() == 1


def test_an_owner_of_many_newsletters_gets_one_mail(inbox):
    for owner in (OWNER, "Owner@Example.org", "other@example.org", ""):
        unheard(owner=owner)
    watch()
    mailed(inbox)
    assert [address.lower() for address in inbox.addresses()] == ["other@example.org", OWNER]


def test_without_an_owner_it_is_shown_all_the_same(inbox):
    unheard(owner="")
    watch()
    assert opened() == ["webhook_silent"]
    assert mailed(inbox) == []


@pytest.mark.parametrize(
    ("span", "state"),
    [
        (SILENT - timedelta(minutes=1), "accepted"),
        (ABOUT + timedelta(minutes=1), "accepted"),
        (SILENT * 2, "rejected"),
        (SILENT * 2, "unknown"),
    ],
)
def test_silence_about_what_did_not_go_out_lately_means_nothing(span, state):
    unheard(span, state=state)
    watch()
    assert opened() == []


def test_a_post_that_still_waits_was_heard():
    ledger = unheard()
    store(orjson.dumps([ledger.event("open")]))
    watch()
    assert opened() == []


def test_events_that_wait_too_long_are_an_alert_until_they_are_counted(inbox):
    ledger = unheard(timedelta(minutes=1))
    store(orjson.dumps([ledger.event("open"), ledger.event("open", 1)]))
    Post.objects.update(received_at=ago(LATE - timedelta(seconds=20)))
    watch()
    assert opened() == []
    Post.objects.update(received_at=ago(LATE + timedelta(minutes=1)))
    watch()
    assert opened() == ["folding_late"]
    assert "2 events in 1 post of the webhook wait" in Alert.objects.get().text
    assert "the oldest for 6 minutes; the limit is 5 minutes" in Alert.objects.get().text
    assert mailed(inbox) == ["[mailer] Events wait too long to be counted"]
    fold_events()
    watch(later(CALM))
    assert opened() == []


@pytest.fixture
def own_turn() -> Iterator[None]:
    cache.delete(KEY)
    yield
    cache.delete(KEY)


def test_suppressions_that_fail_for_an_hour_are_an_alert_until_they_work(inbox, own_turn):
    unheard(timedelta(minutes=1))
    suppress("enough@example.org", "manual")
    inbox.fail("forbidden", path="/v3/suppression", count=8)
    inbox.fail("server_error", path="/v3/asm", count=2)
    for act in (pull, push) * 2:
        with pytest.raises(CallFailed):
            act(sendgrid())
    remove_lifted(sendgrid())
    watch()
    assert opened() == []
    SuppressionSync.objects.exclude(failing_since=None).update(failing_since=ago(FAILING))
    watch()
    assert opened() == ["suppressions_failing pull", "suppressions_failing push"]
    text = Alert.objects.get(subject="pull").text
    assert "failed 2 times in a row" in text
    assert "403" in text
    assert "mailer suppressions pull" in text
    assert len(mailed(inbox)) == 2
    inbox.recover()
    pull(sendgrid())
    push(sendgrid())
    watch(later(CALM))
    assert opened() == []
    row = SuppressionSync.objects.get(act="pull")
    assert (row.failing_since, row.failures, row.failure) == (None, 0, "")


def test_one_failure_an_hour_ago_is_no_alert_yet():
    SuppressionSync.objects.create(act="pull", failing_since=ago(FAILING), failures=1, failure="x")
    watch()
    assert opened() == []


def bouncing(inbox: Inbox) -> Ledger:
    """A send of 400 that the guard has paused."""
    ledger = make_send(400, submitted_at=timezone.now())
    Newsletter.objects.update(owner_email=OWNER)
    Send.objects.update(started_at=timezone.now())
    Batch.objects.create(send=ledger.send, edition=ledger.batch.edition, subscriber_ids=[])
    Delivery.objects.update(bounced_at=timezone.now())
    assert guard() == 1
    return ledger


def test_a_send_that_paused_itself_is_an_alert_without_a_second_mail_until_it_is_resumed(inbox):
    ledger = bouncing(inbox)
    watch()
    watch()
    assert opened() == [f"send_paused send {ledger.send.pk}"]
    alert = Alert.objects.get()
    assert "400 of 400 answered are hard bounces" in alert.text
    assert alert.told.get().kind == "guard"
    assert len(mailed(inbox)) == 1
    resume(ledger.send.pk)
    watch(later(CALM))
    assert opened() == []
    assert len(mailed(inbox)) == 1


@pytest.mark.parametrize("how", ["cancelled", "by a person"])
def test_a_send_that_somebody_stopped_is_no_alert(inbox, how):
    ledger = bouncing(inbox)
    if how == "cancelled":
        cancel(ledger.send.pk, "an old list")
    else:
        resume(ledger.send.pk)
        pause(ledger.send.pk, "lunch")
    watch()
    assert opened() == []


def test_what_the_guard_warns_of_is_an_alert_for_a_day(inbox):
    ledger = make_send(1_000, submitted_at=timezone.now())
    Newsletter.objects.update(owner_email=OWNER)
    Send.objects.update(started_at=timezone.now())
    Delivery.objects.update(delivered_at=timezone.now())
    some = Delivery.objects.filter(subscriber__in=[person.pk for person in ledger.subscribers[:3]])
    some.update(complained_at=timezone.now(), block_list="Spamhaus", refusal_status="5.7.26")
    guard()
    watch()
    about = f"send {ledger.send.pk}"
    assert opened() == [f"authentication {about}", f"blocklist {about}", f"complaints {about}"]
    assert "example.org 3 (Spamhaus)" in Alert.objects.get(kind="blocklist").text
    assert len(mailed(inbox)) == 3
    hear(ledger)
    watch(later(WARNED))
    watch(later(WARNED + CALM))
    assert opened() == []
    assert len(mailed(inbox)) == 3


def test_a_crash_before_the_commit_leaves_nothing_and_one_after_it_costs_no_mail(inbox):
    unheard()
    with transaction.atomic():
        watch()
        assert (Alert.objects.count(), Notice.objects.count()) == (1, 1)
        transaction.set_rollback(True)
    assert not Alert.objects.exists()
    assert not Notice.objects.exists()
    watch()
    watch(later(timedelta(seconds=30)))
    assert len(mailed(inbox)) == 1


def test_two_that_look_at_once_make_one(transactional_db):
    unheard()
    together = Barrier(3)

    def look() -> None:
        try:
            together.wait()
            watch()
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        for future in [pool.submit(look) for _ in range(3)]:
            future.result()
    assert opened() == ["webhook_silent"]
    assert Notice.objects.count() == 1


def test_two_that_look_at_once_end_one_once(transactional_db):
    unheard()
    watch()
    Notice.objects.update(mailed_at=timezone.now())
    Submission.objects.all().delete()
    together = Barrier(3)

    def look() -> None:
        try:
            together.wait()
            watch(later(CALM))
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        for future in [pool.submit(look) for _ in range(3)]:
            future.result()
    assert opened() == []
    assert Notice.objects.count() == 2


def test_the_metric_has_every_kind():
    assert open_alerts() == dict.fromkeys(AlertKind.values, 0)
    Alert.objects.create(kind="suppressions_failing", subject="pull", text="x")
    Alert.objects.create(kind="suppressions_failing", subject="push", text="x")
    Alert.objects.create(kind="folding_late", text="x", ended_at=timezone.now())
    assert open_alerts() == {**dict.fromkeys(AlertKind.values, 0), "suppressions_failing": 2}


def test_beat_looks():
    app.loader.import_default_modules()
    entry = app.conf.beat_schedule["mailer.tracking.tasks.alert"]
    assert entry["task"] in app.tasks
    unheard()
    tasks.alert()
    assert opened() == ["webhook_silent"]
