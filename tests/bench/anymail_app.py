# ruff: noqa: E402 - Django has to be set up first
"""The application of anymail_webhook.py. It sets Django up as it is imported: only in the process that serves it.

The database and the verification key are in the environment: BASELINE_DATABASE, BASELINE_KEY.
"""

import os
import warnings
from typing import Any

import django
from django.conf import settings

from mailer.config.environment import database

settings.configure(
    ALLOWED_HOSTS=["*"],
    ANYMAIL={"SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY": os.environ["BASELINE_KEY"]},
    DATABASES={"default": database(os.environ["BASELINE_DATABASE"])},
    DATA_UPLOAD_MAX_MEMORY_SIZE=4 * 1024 * 1024,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["anymail"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
)
django.setup()

from anymail.exceptions import AnymailNotSupportedWarning
from anymail.signals import tracking
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView
from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.urls import path

# It says that nobody there can try it against the live service any more.
warnings.simplefilter("ignore", AnymailNotSupportedWarning)


class Tracked(models.Model):
    """An event as anymail tells it."""

    event_id = models.CharField(max_length=200, db_index=True, null=True)
    event_type = models.CharField(max_length=40)
    message_id = models.CharField(max_length=200, null=True)
    recipient = models.CharField(max_length=320, db_index=True, null=True)
    timestamp = models.DateTimeField(null=True)
    payload = models.JSONField()

    class Meta:
        app_label = "bench"

    def __str__(self) -> str:
        return f"{self.event_type} {self.event_id}"


def save(sender: object, event: Any, **_: object) -> None:
    """A receiver as anymail's documentation shows one."""
    Tracked.objects.create(
        event_id=event.event_id,
        event_type=event.event_type,
        message_id=event.message_id,
        recipient=event.recipient,
        timestamp=event.timestamp,
        payload=event.esp_event,
    )


def make_table() -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Tracked)


tracking.connect(save)
urlpatterns = [path("events", SendGridTrackingWebhookView.as_view())]
application = get_wsgi_application()
