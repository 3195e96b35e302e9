"""Who gets nothing, and why."""

from django.db import models
from django.db.models import Q

from mailer.delivery.models.sends import Send
from subscribers.models import Subscriber


class ExclusionReason(models.TextChoices):
    """Why a candidate gets nothing. The first that applies counts, in this order."""

    SUPPRESSED_COMPLAINT = "complaint", "complained about spam"
    SUPPRESSED_BOUNCE = "bounce", "address bounced for good"
    SUPPRESSED_INVALID = "invalid", "address is invalid"
    SUPPRESSED_UNSUBSCRIBE = "unsubscribed_everywhere", "asked to get nothing at all"
    SUPPRESSED_MANUAL = "suppressed", "suppressed by staff"
    UNSUBSCRIBED = "unsubscribed", "left the list"
    UNCONFIRMED = "unconfirmed", "has not confirmed the subscription"
    PAUSED = "paused", "paused by the subscriber"
    SOFT_BOUNCES = "soft_bounces", "paused, because mail was refused again and again"
    ALREADY = "already", "has this issue from an earlier send, or may have"
    EVERY_SECOND = "every_second", "wants every second issue and has the last one"
    MONTHLY = "monthly", "wants one a month and has had one"
    NO_STORIES = "no_stories", "no story on the topics chosen"
    CANCELLED = "cancelled", "the send was cancelled before"  # never stored: it is the state of the batch


class Exclusion(models.Model):
    """A candidate of a send who gets nothing, with the one reason."""

    Reason = ExclusionReason

    pk = models.CompositePrimaryKey("send_id", "subscriber_id")
    send = models.ForeignKey(Send, on_delete=models.PROTECT, related_name="exclusions", db_index=False)
    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.PROTECT, related_name="exclusions", db_index=False
    )
    reason = models.CharField(max_length=24, choices=ExclusionReason)
    at_claim = models.BooleanField(
        db_default=False, help_text="Found after the plan, when its batch was claimed"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__in=ExclusionReason.values), name="exclusion_reason_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber_id} excluded from send {self.send_id}: {self.reason}"
