"""Figures as they were counted last, so that a page shows them at once. Each can be counted again from the ledger."""

from django.db import models

from mailer.delivery.models import Send
from mailer.issues.models import Newsletter


class SendFigures(models.Model):
    """The report of a send, as JSON. `changed_at` is when something happened that it may not hold yet."""

    send = models.OneToOneField(Send, on_delete=models.PROTECT, primary_key=True, related_name="figures")
    counted_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)
    data = models.JSONField(null=True)

    def __str__(self) -> str:
        return f"figures of send {self.send_id}"


class NewsletterFigures(models.Model):
    """The report of a newsletter, as JSON."""

    newsletter = models.OneToOneField(
        Newsletter, on_delete=models.PROTECT, primary_key=True, related_name="figures"
    )
    counted_at = models.DateTimeField()
    data = models.JSONField()

    def __str__(self) -> str:
        return f"figures of {self.newsletter_id}"
