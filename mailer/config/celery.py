"""The queue. It hands out work and holds no truth: tasks carry ids, are safe to run twice, keep no results.

Tasks are acknowledged when they begin. One that is lost with its worker, or with an emptied broker, is
handed out again by the sweeper, which reads what is due from the database.
"""

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging, task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailer.config.settings")

from django.conf import settings
from django.db import close_old_connections

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
        "sweep": {"task": "mailer.delivery.tasks.sweep", "schedule": 2.0, "options": {"expires": 10}},
        "letters": {
            "task": "mailer.delivery.tasks.sweep_letters",
            "schedule": 2.0,
            "options": {"expires": 10},
        },
        "imports": {
            "task": "subscribers.tasks.hand_out_imports",
            "schedule": 5.0,
            "options": {"expires": 10},
        },
        "forget_imports": {
            "task": "subscribers.tasks.forget_imports",
            "schedule": 3600.0,
            "options": {"expires": 3000},
        },
        "forget_address_changes": {
            "task": "subscribers.tasks.forget_address_changes",
            "schedule": 3600.0,
            "options": {"expires": 3000},
        },
        "settle": {"task": "mailer.delivery.tasks.settle", "schedule": 5.0, "options": {"expires": 10}},
        "guard": {"task": "mailer.delivery.tasks.guard", "schedule": 10.0, "options": {"expires": 20}},
        "decide": {"task": "mailer.delivery.tasks.decide", "schedule": 10.0, "options": {"expires": 20}},
        "tell": {"task": "mailer.delivery.tasks.tell", "schedule": 15.0, "options": {"expires": 30}},
        "pull_suppressions": {
            "task": "mailer.delivery.tasks.pull_suppressions",
            "schedule": 3600.0,
            "options": {"expires": 3000},
        },
        "tell_suppressions": {
            "task": "mailer.delivery.tasks.tell_suppressions",
            "schedule": 30.0,
            "options": {"expires": 60},
        },
        "pause_refused": {
            "task": "mailer.delivery.tasks.pause_refused",
            "schedule": 900.0,
            "options": {"expires": 900},
        },
        "index_search": {
            "task": "subscribers.tasks.index_search",
            "schedule": 3.0,
            "options": {"expires": 10},
        },
        "forget_unconfirmed": {
            "task": "subscribers.tasks.forget_unconfirmed",
            "schedule": 3600.0,
            "options": {"expires": 3000},
        },
        "fold": {"task": "mailer.tracking.tasks.fold", "schedule": 2.0, "options": {"expires": 10}},
        "retain": {
            "task": "mailer.tracking.tasks.retain",
            "schedule": crontab(hour="3", minute="20"),
            "options": {"expires": 3600},
        },
    },
)
app.autodiscover_tasks(["subscribers", "mailer.delivery", "mailer.tracking"])


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Celery sets up logging of its own unless somebody listens here; settings.py has done it already."""


@task_prerun.connect
def drop_stale_connections(**_: object) -> None:
    """As Django does before each request: what is too old or broken is closed, and the rest checked before use."""
    close_old_connections()
