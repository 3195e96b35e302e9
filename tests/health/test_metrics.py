"""/metrics: who may read it, and that its figures are those of the ledger."""

from dataclasses import replace
from datetime import timedelta

import pytest
from celery import current_app
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from mailer.config.celery import count_failure
from mailer.delivery.models import Batch, Send
from mailer.delivery.plan import plan
from mailer.delivery.start import send_of, start
from mailer.delivery.submit import submit
from mailer.delivery.tasks import SWEPT_AT, sweep
from mailer.tracking.fold import fold_events
from mailer.tracking.models import Alert, Post
from mailer.vitals.pulse import beat
from subscribers.models import Suppression
from tests.health.scrape import families_of, scrape, value
from tests.health.test_healthz import database_away
from tests.newsroom import crowd, make_issue
from tests.tracking.ledger import make_send
from tests.tracking.posts import post, public, webhook_keys

TOKEN = "t" * 32


def status(**request: str) -> int:
    return Client().get("/metrics", **request).status_code


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1"])
def test_without_a_token_this_machine_may_read_it(address):
    assert status(REMOTE_ADDR=address) == 200


@pytest.mark.parametrize("address", ["203.0.113.7", "10.0.0.1", "::ffff:203.0.113.7", "", "unix:"])
def test_without_a_token_nobody_else_may(address):
    assert status(REMOTE_ADDR=address) == 401


@pytest.mark.parametrize("proxies", [0, 1, 2])
@pytest.mark.parametrize("header", ["X_FORWARDED_FOR", "FORWARDED", "X_FORWARDED_PROTO", "X_REAL_IP", "VIA"])
def test_what_a_proxy_on_this_machine_passes_on_is_not_from_here(settings, proxies, header):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, proxies=proxies)
    assert status(**{f"HTTP_{header}": "127.0.0.1"}) == 401


@pytest.mark.django_db
def test_with_a_token_whoever_bears_it_may_read_it_from_anywhere_and_nobody_else(settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, metrics_token=TOKEN)
    far = {"REMOTE_ADDR": "203.0.113.7", "HTTP_X_FORWARDED_FOR": "203.0.113.7"}
    assert status(HTTP_AUTHORIZATION=f"Bearer {TOKEN}", **far) == 200
    for wrong in ("", f"Bearer {TOKEN}x", f"bearer{TOKEN}", TOKEN, "Bearer ", "Bearer ü"):
        assert status(HTTP_AUTHORIZATION=wrong, **far) == 401
    assert status() == 401
    assert Client().get("/metrics").headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.django_db
def test_sends_batches_and_recipients_are_those_of_the_ledger(inbox):
    running, paused, planned = (send_of(make_issue()) for _ in range(3))
    for send in (running, paused, planned):
        crowd(send.mailing_list, 3)
        plan(send)
    for send in (running, paused):
        start(send)
    Send.objects.filter(pk=paused.pk).update(paused_at=timezone.now())
    Batch.objects.update(due_at=timezone.now() - timedelta(minutes=10))
    found = scrape()
    assert value(found, "mailer_sends", state="running") == 1
    assert value(found, "mailer_sends", state="paused") == 1
    assert value(found, "mailer_sends", state="not_started") == 1
    assert value(found, "mailer_batches", state="waiting") == 3
    assert value(found, "mailer_recipients_due") == 3
    assert 600 <= (value(found, "mailer_batch_due_age_seconds") or 0) < 700
    assert submit(Batch.objects.get(send=running).pk)
    found = scrape()
    assert value(found, "mailer_sends", state="finished") == 1
    assert value(found, "mailer_batches", state="accepted") == 1
    assert value(found, "mailer_recipients_due") == 0
    assert value(found, "mailer_batch_due_age_seconds") == 0
    assert value(found, "mailer_submissions_total", what="batch", outcome="accepted", status="202") == 1
    assert value(found, "mailer_recipients_submitted_total", what="batch", outcome="accepted") == 3
    assert value(found, "mailer_sendgrid_requests_total", endpoint="mail/send", answer="202") == 1
    assert value(found, "mailer_sendgrid_request_seconds_count", endpoint="mail/send") == 1
    assert value(found, "mailer_requests_in_flight") == 0


@pytest.mark.django_db
def test_an_unknown_submission_is_shown_with_its_age():
    ledger = make_send(state="unknown")
    Batch.objects.filter(pk=ledger.batch.pk).update(changed_at=timezone.now() - timedelta(hours=1))
    found = scrape()
    assert value(found, "mailer_submissions_unknown") == 1
    assert 3600 <= (value(found, "mailer_submission_unknown_age_seconds") or 0) < 3700


@pytest.mark.django_db
def test_posts_and_events_are_followed_from_the_webhook_to_folding():
    ledger = make_send()
    events = [ledger.event("delivered", 0), ledger.event("delivered", 1), ledger.event("made_up", 2)]
    with webhook_keys(public()):
        assert post(events).status_code == 204
        assert post(events).status_code == 204
        assert post(events, signed={}).status_code == 403
    Post.objects.update(received_at=timezone.now() - timedelta(minutes=2))
    found = scrape()
    assert value(found, "mailer_webhook_posts_total", status="204") == 2
    assert value(found, "mailer_webhook_posts_total", status="403") == 1
    assert value(found, "mailer_webhook_events_total") == 6
    assert value(found, "mailer_posts_waiting") == 2
    assert value(found, "mailer_events_waiting") == 6
    assert 120 <= (value(found, "mailer_fold_lag_seconds") or 0) < 220
    assert (value(found, "mailer_webhook_last_post_timestamp_seconds") or 0) > 1_700_000_000
    while fold_events(3):
        pass
    found = scrape()
    assert value(found, "mailer_posts_waiting") == value(found, "mailer_fold_lag_seconds") == 0
    assert value(found, "mailer_events_folded_total", kind="delivered") == 2
    assert value(found, "mailer_events_folded_total", kind="other") == 1
    assert value(found, "mailer_events_known_total") == 3
    assert value(found, "mailer_fold_seconds_count") == 2


@pytest.mark.django_db
def test_suppressions_alerts_processes_and_queues_are_counted():
    Suppression.objects.create(address="a@example.org", reason="bounce")
    Alert.objects.create(kind="webhook_silent", text="Nothing comes back.")
    beat("worker", "worker1@here")
    current_app.send_task("mailer.delivery.tasks.submit", (1,), queue="send", ignore_result=True)
    sweep()
    count_failure(sender=sweep)
    found = scrape()
    assert value(found, "mailer_suppressions", reason="bounce") == 1
    assert value(found, "mailer_suppressions", reason="complaint") == 0
    assert value(found, "mailer_alerts_open", kind="webhook_silent") == 1
    assert value(found, "mailer_processes_alive", what="worker") == 1
    assert value(found, "mailer_processes_alive", what="beat") == 0
    assert value(found, "mailer_queue_tasks", queue="send") == 1
    assert value(found, "mailer_queue_tasks", queue="letters") == 0
    assert value(found, "mailer_last_sweep_timestamp_seconds") == cache.get(SWEPT_AT)
    assert value(found, "mailer_tasks_failed_total", task="mailer.delivery.tasks.sweep") == 1


@pytest.mark.django_db(transaction=True)
def test_while_the_database_is_away_the_rest_is_told():
    with database_away():
        found = scrape()
    assert value(found, "mailer_source_up", source="postgresql") == 0
    assert value(found, "mailer_source_up", source="redis") == 1
    assert value(found, "mailer_sends", state="running") is None
    assert value(found, "mailer_events_known_total") == 0


@pytest.mark.django_db
def test_while_redis_is_away_the_rest_is_told(redis_away):
    found = scrape()
    assert value(found, "mailer_source_up", source="redis") == 0
    assert value(found, "mailer_source_up", source="postgresql") == 1
    assert value(found, "mailer_sends", state="running") == 0


@pytest.mark.django_db
def test_names_follow_the_rules_of_prometheus_and_each_has_a_help_text():
    answer = Client().get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    families = families_of(answer)
    assert families
    assert all(name.startswith("mailer_") for name in families)
    assert all(name.endswith("_total") == (kind == "counter") for name, kind in families.items())
    for line in answer.content.decode().splitlines():
        if line.startswith("# HELP "):
            _, _, name, text = line.split(" ", 3)
            assert text[0].isupper(), name
            assert len(text) > 10, name
