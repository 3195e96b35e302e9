"""What SendGrid reported, kept as it came."""

from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KT
from django.db.models.functions import Lower, Now

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
        indexes = [
            models.Index(fields=["id"], condition=Q(folded_at=None), name="event_to_fold"),
            # What a person may ask to see, and to have erased: it cannot wait for a scan of tens of millions.
            models.Index(KT("payload__mailer_subscriber"), name="event_of_subscriber"),
            models.Index(
                Lower(KT("payload__email")),
                condition=~Q(payload__has_key="mailer_subscriber"),
                name="event_with_address_only",
            ),
        ]

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


class EventsKept(models.Model):
    """Since when events are kept: those that came before are deleted, so figures of older sends are not rebuilt.

    One row; none until the first events are deleted.
    """

    since = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="events_kept_once")]

    def __str__(self) -> str:
        return f"since {self.since}"
