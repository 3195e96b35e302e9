"""Figures as they were counted last, so that a page shows them at once. Each can be counted again from the ledger."""

from django.db import models

from mailer.delivery.models import Send
from mailer.issues.models import Newsletter


class SendFigures(models.Model):
    """The report of a send, as JSON. `changed_at` is when something happened that it may not hold yet.

    It goes with a send that is discarded before its start.
    """

    send = models.OneToOneField(Send, on_delete=models.CASCADE, primary_key=True, related_name="figures")
    counted_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)
    version = models.PositiveSmallIntegerField(null=True, help_text="Of the form of the JSON")
    seconds = models.FloatField(null=True, help_text="That counting took")
    data = models.JSONField(null=True)
    told_at = models.DateTimeField(null=True, help_text="When the summary for the owner was written")

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
