"""The queue. It hands out work and holds no truth: tasks carry ids, are safe to run twice, keep no results.

Tasks are acknowledged when they begin. One that is lost with its worker, or with an emptied broker, is
handed out again by the sweeper, which reads what is due from the database.
"""

import os
from typing import Any

import structlog
from celery import Celery, Task
from celery.schedules import crontab
from celery.signals import setup_logging, task_failure, task_postrun, task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailer.config.settings")
# Django's checks load each page of the site, which no worker shows; `make check` has them done.
os.environ.setdefault("CELERY_SKIP_CHECKS", "yes")

from django.conf import settings
from django.db import close_old_connections

from mailer.vitals.counting import count_failed_task
from mailer.vitals.pulse import WorkerPulse

EVERY = {
    "mailer.delivery.tasks.sweep": 2.0,
    "mailer.delivery.tasks.sweep_letters": 2.0,
    "mailer.tracking.tasks.fold": 2.0,
    "subscribers.tasks.index_search": 3.0,
    "mailer.delivery.tasks.settle": 5.0,
    "subscribers.tasks.hand_out_imports": 5.0,
    "mailer.delivery.tasks.guard": 10.0,
    "mailer.delivery.tasks.decide": 10.0,
    "mailer.delivery.tasks.tell": 15.0,
    "mailer.delivery.tasks.tell_suppressions": 30.0,
    "mailer.tracking.tasks.alert": 30.0,
    "mailer.tracking.tasks.count_reports": 60.0,
    "mailer.issues.tasks.look_at_feeds": 60.0,
    "mailer.tracking.tasks.summarise": 300.0,
    "mailer.delivery.tasks.pause_refused": 900.0,
    "mailer.delivery.tasks.pull_suppressions": 3600.0,
    "mailer.tracking.tasks.count_newsletters": 3600.0,
    "mailer.tracking.tasks.fold_again": 3600.0,
    "subscribers.tasks.forget_imports": 3600.0,
    "subscribers.tasks.forget_address_changes": 3600.0,
    "subscribers.tasks.forget_unconfirmed": 3600.0,
}
"""Beat hands each task out so often, in seconds."""

app = Celery("mailer")
app.conf.update(
    broker_url=settings.ENVIRONMENT.celery_broker_url,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"socket_timeout": 10, "socket_connect_timeout": 5},
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    worker_prefetch_multiplier=1,
    # After a lost connection Celery would take the reduction back from a thread of the pool, which then reads RabbitMQ's
    # answer beside the main thread: one of them gets it, the other waits for ever, and the worker does nothing more.
    worker_enable_prefetch_count_reduction=False,
    worker_hijack_root_logger=False,
    task_default_queue="mailer",
    task_routes={
        "mailer.delivery.tasks.submit": {"queue": "send"},
        "mailer.delivery.tasks.submit_letter": {"queue": "letters"},
    },
    timezone="UTC",
    # Without it a connection to the database is opened and closed for every task.
    CELERY_DB_REUSE_MAX=10_000,
    beat_schedule={
        **{
            # What waited longer than its period is passed over: the next one is due.
            task: {"task": task, "schedule": seconds, "options": {"expires": max(10.0, seconds)}}
            for task, seconds in EVERY.items()
        },
        "retain": {
            "task": "mailer.tracking.tasks.retain",
            "schedule": crontab(hour="3", minute="20"),
            "options": {"expires": 3600},
        },
    },
)
app.steps["consumer"].add(WorkerPulse)
app.autodiscover_tasks(["subscribers", "mailer.issues", "mailer.delivery", "mailer.tracking"])


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Celery sets up logging of its own unless somebody listens here; settings.py has done it already."""


@task_prerun.connect
def drop_stale_connections(**_: object) -> None:
    """As Django does before each request: what is too old or broken is closed, and the rest checked before use."""
    close_old_connections()


@task_prerun.connect
def name_task(task_id: str, task: "Task[Any, Any]", **_: object) -> None:
    """Every line that is logged while a task runs says which it is."""
    structlog.contextvars.bind_contextvars(task=task.name.removeprefix("mailer."), task_id=task_id)


@task_postrun.connect
def forget_task(**_: object) -> None:
    """The thread goes on with another one."""
    structlog.contextvars.clear_contextvars()


@task_failure.connect
def count_failure(sender: "Task[Any, Any]", **_: object) -> None:
    """Celery has logged it with its traceback."""
    count_failed_task(sender.name)
