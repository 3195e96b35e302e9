"""The requests, and each try to make one."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now

from mailer.delivery.models.editions import Edition
from mailer.delivery.models.sends import Send
from subscribers.models import Letter

BATCH_SIZE = 1_000
"""Recipients a request: the most that SendGrid's /v3/mail/send takes."""


class BatchState(models.TextChoices):
    WAITING = "waiting"
    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class Batch(models.Model):
    """Up to a thousand deliveries of one edition that go out in one request, at one time; or one letter.

    `subscriber_ids` is the batch's own list of recipients, in the order of the request: one row is read
    to claim them, and a recipient that SendGrid names by its place is found by it.
    """

    State = BatchState

    send = models.ForeignKey(Send, on_delete=models.PROTECT, null=True, related_name="batches")
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, null=True, related_name="batches")
    letter = models.OneToOneField(
        Letter,
        on_delete=models.PROTECT,
        null=True,
        related_name="batch",
        help_text="A mail of the system to one person, which is in no send",
    )
    subscriber_ids = ArrayField(models.BigIntegerField())
    size = models.GeneratedField(
        expression=Func(F("subscriber_ids"), function="cardinality", output_field=models.IntegerField()),
        output_field=models.IntegerField(),
        db_persist=True,
    )
    in_test = models.BooleanField(
        db_default=False, help_text="Tries a variant before the others get the winner"
    )
    domain = models.CharField(
        max_length=255, blank=True, db_default="", help_text="The receiving domain, where that has a ceiling"
    )
    state = models.CharField(max_length=10, choices=BatchState, db_default=BatchState.WAITING)
    due_at = models.DateTimeField(db_default=Now())
    queued_at = models.DateTimeField(null=True, help_text="When it was last handed to the queue")
    submission_id = models.UUIDField(
        null=True, unique=True, help_text="The submission under way or last made"
    )
    attempts = models.PositiveSmallIntegerField(db_default=0)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "batches"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=BatchState.values), name="batch_state_is_known"),
            models.CheckConstraint(
                condition=Q(state=BatchState.WAITING)
                | Q(state__in=[BatchState.REJECTED, BatchState.CANCELLED])
                | Q(submission_id__isnull=False),
                name="batch_in_flight_has_a_submission",
            ),
            models.CheckConstraint(
                condition=Q(send__isnull=False, edition__isnull=False, letter=None)
                | Q(send=None, edition=None, letter__isnull=False),
                name="batch_of_a_send_or_of_a_letter",
            ),
        ]
        indexes = [
            models.Index(fields=["send", "state"], name="batch_of_send_by_state"),
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="batch_due"),
            models.Index(
                fields=["changed_at"],
                condition=Q(state__in=["submitting", "unknown"]),
                name="batch_unsettled",
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.pk}: {self.state}"

    @property
    def issue_edition(self) -> Edition:
        """The edition that a batch of a send carries. Raises TypeError for one that carries a letter."""
        if self.edition is None:
            raise TypeError(f"batch {self.pk} carries a letter")
        return self.edition

    @property
    def carries(self) -> str:
        """What goes out with it, in words: a send of an issue, or a letter."""
        return f"{self.send_id} ({self.send.issue})" if self.send else str(self.letter)


class SubmissionOutcome(models.TextChoices):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_ACCEPTED = "not_accepted", "proven not accepted: may go again"
    UNKNOWN = "unknown"


class Submission(models.Model):
    """One try to hand a batch to SendGrid. Its id travels as a custom argument and comes back with every event."""

    Outcome = SubmissionOutcome

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="submissions", db_index=False)
    size = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, choices=SubmissionOutcome, null=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status of the answer")
    message_id = models.CharField(
        max_length=200, blank=True, db_default="", help_text="SendGrid's X-Message-Id"
    )
    reason = models.TextField(blank=True, db_default="")
    evidence = models.TextField(blank=True, db_default="", help_text="What settled an unknown outcome")
    decided_by = models.CharField(
        max_length=200, blank=True, db_default="", help_text="The person, where a person settled it"
    )
    settled_at = models.DateTimeField(null=True, help_text="When an unknown outcome was settled")
    fruitless_looks = models.PositiveSmallIntegerField(
        db_default=0, help_text="Looks into the logs that showed nothing"
    )
    looked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome=None) | Q(outcome__in=SubmissionOutcome.values),
                name="submission_outcome_is_known",
            ),
        ]
        indexes = [
            models.Index(fields=["batch"], name="submission_of_batch"),
            models.Index(fields=["started_at"], name="submission_by_time"),
        ]

    def __str__(self) -> str:
        return f"submission {self.pk}: {self.outcome or 'under way'}"
