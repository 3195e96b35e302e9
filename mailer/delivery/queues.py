"""The queues that hand out work."""

from celery import current_app

from mailer.delivery.letters.sweep import QUEUE as LETTERS
from mailer.delivery.sweep import QUEUE as BATCHES


def queues() -> tuple[str, ...]:
    """All of them: every one needs a worker that takes from it."""
    return BATCHES, LETTERS, current_app.conf.task_default_queue
