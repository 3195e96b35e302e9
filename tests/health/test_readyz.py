"""Whether the installation says which of its parts do not work, quickly, and to strangers no more than that."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from mailer.config.celery import app
from mailer.health.checks import look
from mailer.local.ports import free_port
from mailer.tracking.models import Alert
from mailer.vitals import pulse
from mailer.vitals.pulse import beat, end, pulses
from tests.health.test_healthz import database_away

ALL = ["beat", "broker", "database", "migrations", "worker"]
STRANGER = {"REMOTE_ADDR": "203.0.113.7"}


def ask(**who: str) -> Any:
    """Ask anew."""
    look.forget()
    return Client().get("/readyz", **who)


def failing(answer: Any) -> list[str]:
    """The parts that do not work."""
    return sorted(name for name, check in answer.json()["checks"].items() if not check["ok"])


@pytest.fixture
def _processes() -> None:
    """A worker and beat were heard of a moment ago."""
    beat("worker", "worker1@here")
    beat("beat", "here")


@pytest.mark.django_db
@pytest.mark.usefixtures("_processes")
def test_it_is_ready_when_all_parts_work():
    answer = ask()
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    assert sorted(answer.json()["checks"]) == ALL
    assert failing(answer) == []
    assert answer.headers["Cache-Control"].startswith("max-age=0, no-cache, no-store")


@pytest.mark.django_db
def test_it_is_not_ready_without_worker_and_beat():
    answer = ask()
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    assert failing(answer) == ["beat", "worker"]


@pytest.mark.django_db
@pytest.mark.usefixtures("_processes")
def test_a_process_that_ended_or_fell_silent_is_not_alive(monkeypatch):
    end("worker", "worker1@here")
    assert failing(ask()) == ["worker"]
    monkeypatch.setattr(pulse, "DEAD_AFTER", -1.0)
    assert failing(ask()) == ["beat", "worker"]
    (silent,) = pulses()
    assert (silent.what, silent.alive) == ("beat", False)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_processes")
def test_without_the_database_the_others_are_told_all_the_same():
    with database_away():
        answer = ask()
        assert (answer.status_code, failing(answer)) == (503, ["database", "migrations"])
    assert ask().status_code == 200


@pytest.mark.django_db
def test_without_redis_neither_worker_nor_beat_can_be_seen(redis_away):
    answer = ask()
    assert failing(answer) == ["beat", "worker"]
    assert "Redis does not answer" in answer.json()["checks"]["worker"]["detail"]


@pytest.mark.django_db
@pytest.mark.usefixtures("_processes")
@pytest.mark.parametrize("kind", ["redis", "amqp"])
def test_without_the_queue_it_is_not_ready(monkeypatch, kind):
    monkeypatch.setattr(app.conf, "broker_read_url", f"{kind}://127.0.0.1:{free_port()}//")
    assert failing(ask()) == ["broker"]


@pytest.mark.django_db
@pytest.mark.usefixtures("_processes")
def test_a_missing_migration_is_named():
    MigrationRecorder.Migration.objects.filter(app="tracking", name="0001_initial").delete()
    answer = ask()
    assert failing(answer) == ["migrations"]
    assert answer.json()["checks"]["migrations"]["detail"] == (
        "not applied: tracking.0001_initial. Run mailer migrate"
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("_processes")
def test_a_silent_webhook_is_a_warning_and_no_failure():
    Alert.objects.create(kind="webhook_silent", text="Mail goes out and nothing comes back.")
    answer = ask()
    assert (answer.status_code, failing(answer)) == (200, [])
    assert answer.json()["warnings"] == {
        "webhook": {"ok": False, "detail": "Mail goes out and nothing comes back."}
    }
    Alert.objects.update(ended_at=datetime.now(UTC))
    assert ask().json()["warnings"] == {"webhook": {"ok": True, "detail": "no post yet"}}


@pytest.mark.django_db
def test_strangers_learn_which_part_and_no_more():
    answer = ask(**STRANGER)
    assert answer.status_code == 503
    assert answer.json()["checks"] == {name: {"ok": name not in ("beat", "worker")} for name in ALL}
    assert answer.json()["warnings"] == {"webhook": {"ok": True}}
    assert "detail" in ask().json()["checks"]["database"]


@pytest.mark.django_db
def test_asking_again_and_again_asks_the_database_no_more(django_assert_num_queries):
    first = ask()
    with django_assert_num_queries(0):
        assert [Client().get("/readyz").json() for _ in range(3)] == [first.json()] * 3


@pytest.mark.django_db
def test_details_need_the_token_where_there_is_one(settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, metrics_token="t" * 32)
    assert "detail" not in ask().json()["checks"]["database"]
    assert "detail" in ask(HTTP_AUTHORIZATION=f"Bearer {'t' * 32}").json()["checks"]["database"]


@pytest.mark.django_db
def test_it_is_only_read(client):
    assert client.post("/readyz").status_code == 405
    assert client.post("/metrics").status_code == 405


def test_a_migration_that_is_on_disk_is_one_that_migrate_would_apply(db):
    call_command("migrate", check_unapplied=True, verbosity=0)
