"""Files of subscribers, how far their import is, and what it did to whom."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from subscribers.models.people import MailingList, Subscriber, SubscriptionState


class ImportState(models.TextChoices):
    DRAFT = "draft", "is not confirmed yet"
    WAITING = "waiting", "waits for a worker"
    RUNNING = "running", "is under way"
    STOPPED = "stopped", "was stopped"
    DONE = "done", "is done"
    FAILED = "failed", "failed"
    UNDOING = "undoing", "is being undone"
    UNDONE = "undone", "is undone"


class Import(models.Model):
    """A file that is put on a list, chunk by chunk.

    Each chunk is one transaction, which also moves `rows_read` on and adds to `counts`: wherever a worker is killed,
    the next one goes on from there. Whoever works on it holds an advisory lock.
    """

    State = ImportState

    name = models.CharField(max_length=200, help_text="Of the file")
    mailing_list = models.ForeignKey(
        MailingList, on_delete=models.PROTECT, related_name="imports", db_index=False
    )
    dialect = models.JSONField(help_text="How the file is written, see subscribers/importing/dialect.py")
    mapping = models.JSONField(default=dict, help_text="What columns mean, where somebody said so")
    meanings = models.JSONField(default=dict, help_text="What its columns mean, in words")
    rules = models.JSONField(default=dict, help_text="By field: what a merge does with a value that is there")
    state = models.CharField(max_length=8, choices=ImportState, db_default=ImportState.WAITING)
    size = models.BigIntegerField(help_text="Bytes of the file as it is kept")
    position = models.BigIntegerField(db_default=0, help_text="Bytes that were read")
    rows_read = models.BigIntegerField(
        db_default=0, help_text="Rows that are dealt with, empty ones among them"
    )
    counts = models.JSONField(default=dict, db_default={})
    error = models.TextField(blank=True, db_default="")
    attempts = models.IntegerField(db_default=0, help_text="Of workers since it last came on")
    started_by = models.CharField(max_length=200, blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())
    moved_at = models.DateTimeField(db_default=Now(), help_text="When it last came on")
    finished_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=200, blank=True, db_default="")
    undone_at = models.DateTimeField(null=True)
    undone = models.JSONField(default=dict, db_default={}, help_text="What the undoing did")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ImportState.values), name="import_state_is_known"),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(state__in=["waiting", "running"]), name="import_to_be_worked_on"
            )
        ]

    def __str__(self) -> str:
        return f"import {self.pk}: {self.name}"


class ImportPartKind(models.TextChoices):
    FILE = "file", "the file"
    REFUSED = "refused", "rows that were not imported"
    FLAGGED = "flagged", "rows whose address looks odd"
    WOULD_REFUSE = "would_refuse", "rows that a dry run refused"
    WOULD_FLAG = "would_flag", "rows whose address looked odd to a dry run"


class ImportPart(models.Model):
    """A piece of a file, compressed (zlib). In the database, because workers on other machines share nothing else.

    The file itself goes when its import is done; refused and flagged rows stay for download until the journal goes.
    """

    Kind = ImportPartKind

    pk = models.CompositePrimaryKey("part_of_id", "kind", "number")
    part_of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="parts", db_index=False)
    kind = models.CharField(max_length=12, choices=ImportPartKind)
    number = models.IntegerField()
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.kind} {self.number} of import {self.part_of_id}"


class DryRunState(models.TextChoices):
    WAITING = "waiting", "waits for a worker"
    RUNNING = "running", "is under way"
    DONE = "done", "is done"
    FAILED = "failed", "failed"


class DryRun(models.Model):
    """A dry run of an import that is not confirmed yet: a worker does it all, counts, and rolls it back.

    Beside the import, because the worker's transaction holds the import's own row, and others want to see how far it is.
    """

    State = DryRunState

    of = models.OneToOneField(Import, on_delete=models.CASCADE, primary_key=True, related_name="dry_run")
    state = models.CharField(max_length=7, choices=DryRunState, db_default=DryRunState.WAITING)
    number = models.IntegerField(help_text="Of this asking: a worker of an earlier one gives up")
    attempts = models.IntegerField(db_default=0, help_text="Of workers since it was asked for")
    position = models.BigIntegerField(db_default=0, help_text="Bytes that were read")
    counts = models.JSONField(default=dict, db_default={}, help_text="As an import has them")
    error = models.TextField(blank=True, db_default="")
    asked_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=DryRunState.values), name="dry_run_state_is_known"),
        ]

    def __str__(self) -> str:
        return f"dry run of import {self.of_id}"


class ImportedRow(models.Model):
    """What an import did to one person: the journal that lets it be undone."""

    pk = models.CompositePrimaryKey("imported_by_id", "subscriber_id")
    imported_by = models.ForeignKey(
        Import, on_delete=models.CASCADE, related_name="journal", db_index=False, db_constraint=False
    )
    # Checked by the import itself, which writes both; a foreign key would look at each of a million rows.
    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    is_new = models.BooleanField(help_text="The import made the person")
    subscribed = models.BooleanField(help_text="The import made the subscription")
    suppressed = models.BooleanField(db_default=False, help_text="The import suppressed the address")
    former_state = models.CharField(
        max_length=12,
        choices=SubscriptionState,
        null=True,
        help_text="Of a subscription that it ended: what it was",
    )
    former = models.JSONField(null=True, help_text="Values before the import, of the fields that it changed")
    at = models.DateTimeField(help_text="What has a later changed_at was changed by others since")

    def __str__(self) -> str:
        return f"subscriber {self.subscriber_id} in import {self.imported_by_id}"
