"""Rules that cut the subscribers, and who they named at one moment."""

from django.db import models
from django.db.models.functions import Now

from subscribers.models.people import Subscriber


class Segment(models.Model):
    """A saved rule over subscribers. The rule is data: see subscribers/segments."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    rule = models.JSONField()
    in_reports = models.BooleanField(
        default=False, db_default=False, help_text="Reports of issues show the people in it by themselves"
    )
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Snapshot(models.Model):
    """Whom a segment named at one moment. It never changes."""

    slug = models.SlugField(unique=True)
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="snapshots")
    rule = models.JSONField(help_text="The segment's, at that moment")
    taken_at = models.DateTimeField(db_default=Now())
    size = models.PositiveIntegerField()

    class Meta:
        ordering = ["-taken_at"]

    def __str__(self) -> str:
        return self.slug


class SnapshotMember(models.Model):
    """A subscriber in a snapshot."""

    pk = models.CompositePrimaryKey("snapshot_id", "subscriber_id")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="members", db_index=False)
    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )

    def __str__(self) -> str:
        return f"{self.subscriber_id} in snapshot {self.snapshot_id}"
