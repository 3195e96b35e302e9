"""Events of the webhook: the posts that wait to be folded, and every event kept as it came."""

from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KT
from django.db.models.functions import Lower, Now


class Post(models.Model):
    """A post of the webhook that is not folded yet. Folding writes its events and deletes it, in one transaction.

    One with a `trouble` is set aside: it holds events that could not be folded (see aside.py).
    """

    received_at = models.DateTimeField(db_default=Now())
    events = models.PositiveIntegerField(help_text="How many it holds")
    body = models.BinaryField(help_text="As it came")
    trouble = models.CharField(
        max_length=200, blank=True, db_default="", help_text="Why it could not be folded and is set aside"
    )

    def __str__(self) -> str:
        return f"post {self.pk}: {self.events} events"


class Event(models.Model):
    """One event of the webhook. `payload` is the source of every figure; the columns only find it again.

    The table is partitioned by the month of `at` (see partitions.py): the same event repeated has the same time, so it
    meets itself in one partition, where (at, sg_event_id) is unique. That drops most duplicates, not all: SendGrid may
    change an id between retries, so what is folded from an event must be safe to fold twice.
    """

    sg_event_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())
    subscriber_id = models.BigIntegerField(
        null=True, help_text="As our custom argument says; perhaps nobody's"
    )
    payload = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["at", "sg_event_id"], name="event_once")]
        indexes = [
            # What a person may ask to see, and to have erased: it cannot wait for a scan of tens of millions.
            models.Index(
                fields=["subscriber_id"], condition=Q(subscriber_id__isnull=False), name="event_of_subscriber"
            ),
            models.Index(
                Lower(KT("payload__email")), condition=Q(subscriber_id=None), name="event_with_address_only"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.sg_event_id}"


class RefusedItem(models.Model):
    """Something in a post that is no event: kept to be looked at, and counted nowhere."""

    received_at = models.DateTimeField(db_default=Now())
    why = models.CharField(max_length=200)
    item = models.TextField(help_text="As it came, cut where it is long")

    def __str__(self) -> str:
        return f"{self.why}: {self.item[:40]}"


class EventsKept(models.Model):
    """Since when events are kept: those that came before are deleted, so figures of older sends are not rebuilt.

    One row; none until the first events are deleted.
    """

    since = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="events_kept_once")]

    def __str__(self) -> str:
        return f"since {self.since}"
