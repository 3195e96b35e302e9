"""What SendGrid reported, kept as it came."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from mailer.delivery.models import Link
from subscribers.models import Subscriber


class Event(models.Model):
    """One event of the webhook. `payload` is the source of every figure; the columns only find it again.

    `sg_event_id` drops most duplicates, not all: SendGrid may change it between retries, so what is folded
    from an event must be safe to fold twice.
    """

    sg_event_id = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())
    payload = models.JSONField()
    folded_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["id"], condition=Q(folded_at=None), name="event_to_fold")]

    def __str__(self) -> str:
        return f"{self.kind} {self.sg_event_id}"


class Click(models.Model):
    """A subscriber's first click on a link."""

    pk = models.CompositePrimaryKey("link_id", "subscriber_id")
    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="clicks", db_index=False)
    subscriber = models.ForeignKey(Subscriber, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.subscriber_id} on link {self.link_id}"
