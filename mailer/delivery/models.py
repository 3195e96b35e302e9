"""The ledger of a send: who was meant to get an issue, who was left out and why, and what became of each.

The state of a delivery is the state of its batch; only what differs from it (a recipient that SendGrid
named as wrong) is kept on the delivery itself. So a thousand recipients are marked by one row.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import MD5, Now

from mailer.issues.models import Issue, Story
from subscribers.models import Letter, MailingList, Subscriber

BATCH_SIZE = 1_000
"""Recipients a request: the most that SendGrid's /v3/mail/send takes."""


class TestMetric(models.TextChoices):
    CLICKS = "clicks", "clicks by people"
    OPENS = "opens", "opens by people"


class Send(models.Model):
    """One sending of an issue to an audience.

    An issue's sends are a chain: the first goes to everybody, each later one to those who have not got it.
    """

    Metric = TestMetric

    issue = models.ForeignKey(Issue, on_delete=models.PROTECT, related_name="sends")
    mailing_list = models.ForeignKey(MailingList, on_delete=models.PROTECT, related_name="+")
    previous = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="next",
        help_text="Whom it left out get this one",
    )
    created_at = models.DateTimeField(db_default=Now())
    planned_at = models.DateTimeField(null=True)
    candidates = models.PositiveIntegerField(
        null=True, help_text="Counted by the plan; all else must add up to it"
    )
    started_at = models.DateTimeField(null=True, help_text="Nothing leaves before")
    scheduled_at = models.DateTimeField(null=True, help_text="The same moment for everybody")
    local_date = models.DateField(null=True, help_text="Of each recipient's own time zone")
    local_time = models.TimeField(null=True, help_text="Of each recipient's own time zone")
    paused_at = models.DateTimeField(null=True)
    paused_because = models.TextField(blank=True, db_default="")
    guarded_from = models.DateTimeField(
        null=True, help_text="The guard counts from here on: somebody resumed the send after it had paused it"
    )
    cancelled_at = models.DateTimeField(null=True)
    cancelled_because = models.TextField(blank=True, db_default="")
    test_share = models.PositiveSmallIntegerField(
        null=True, help_text="Percent of the recipients who get a variant before the others get the winner"
    )
    test_metric = models.CharField(max_length=6, choices=TestMetric, db_default=TestMetric.CLICKS)
    test_minutes = models.PositiveIntegerField(
        db_default=240, help_text="From the start to the choice of the winner"
    )
    winner = models.PositiveSmallIntegerField(null=True, help_text="The number of the variant")
    decided_at = models.DateTimeField(null=True)
    decided_because = models.TextField(blank=True, db_default="")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(planned_at=None, candidates=None)
                | Q(planned_at__isnull=False, candidates__isnull=False),
                name="send_is_planned_with_its_candidates",
            ),
            models.UniqueConstraint(
                fields=["issue"], condition=Q(previous=None), name="send_first_once_per_issue"
            ),
            models.CheckConstraint(
                condition=Q(local_date=None, local_time=None)
                | Q(local_date__isnull=False, local_time__isnull=False, scheduled_at=None),
                name="send_at_one_moment_or_at_local_time",
            ),
            models.CheckConstraint(
                condition=Q(test_share=None) | Q(test_share__gte=1, test_share__lte=100),
                name="send_test_share_is_percent",
            ),
            models.CheckConstraint(
                condition=Q(test_metric__in=TestMetric.values), name="send_test_metric_is_known"
            ),
            models.CheckConstraint(
                condition=Q(winner=None, decided_at=None) | Q(winner__isnull=False, decided_at__isnull=False),
                name="send_winner_was_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"send {self.pk} of {self.issue}"


class Variant(models.Model):
    """A subject and preheader that a send tries on a part of its recipients. Number 0 is the issue's own."""

    send = models.ForeignKey(Send, on_delete=models.PROTECT, related_name="variants", db_index=False)
    number = models.PositiveSmallIntegerField()
    subject = models.CharField(max_length=300)
    preheader = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["send", "number"]
        constraints = [models.UniqueConstraint(fields=["send", "number"], name="variant_once_per_send")]

    def __str__(self) -> str:
        return f"variant {self.number} of send {self.send_id}"


class Notice(models.Model):
    """Something the newsletter's owner is told by mail, once."""

    send = models.ForeignKey(Send, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(
        max_length=24, help_text="What it is about: guard, held, authentication, winner …"
    )
    text = models.TextField()
    created_at = models.DateTimeField(db_default=Now())
    mailed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(db_default=0)

    class Meta:
        indexes = [models.Index(fields=["created_at"], condition=Q(mailed_at=None), name="notice_to_mail")]

    def __str__(self) -> str:
        return f"{self.kind} of send {self.send_id}"


class Edition(models.Model):
    """One rendering of an issue for everyone in a send who gets the same stories and variant. Never changed once
    written."""

    send = models.ForeignKey(Send, on_delete=models.PROTECT, related_name="editions")
    story_ids = ArrayField(models.IntegerField())
    variant = models.PositiveSmallIntegerField(db_default=0)
    language = models.CharField(max_length=35)
    subject = models.TextField()
    html = models.TextField()
    text = models.TextField()
    tags = models.JSONField(help_text="Merge tags: key, expression, context")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["send", "story_ids", "variant"], name="edition_once_per_stories_and_variant"
            ),
        ]

    def __str__(self) -> str:
        return f"edition {self.pk} of send {self.send_id}"


class Link(models.Model):
    """A link of a send that SendGrid tracks, with the story it belongs to (none: intro, outro, masthead)."""

    send = models.ForeignKey(Send, on_delete=models.PROTECT, related_name="links")
    url = models.TextField()
    story = models.ForeignKey(Story, on_delete=models.PROTECT, null=True, related_name="+")
    label = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("send", MD5("url"), name="link_once_per_send")]

    def __str__(self) -> str:
        return self.url


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


class Delivery(models.Model):
    """One subscriber who was handed over in a send. The facts below the batch come from events, each the first of
    its kind.

    It is written at the claim, by the transaction that locks its batch and reads its subscriber, and neither is ever
    deleted: so it needs no foreign keys, which are checked row by row. Who is still to get a send stands in its
    batches alone, so a plan, a cancelled send and a discarded plan cost no row for each recipient.
    """

    pk = models.CompositePrimaryKey("send_id", "subscriber_id")
    send = models.ForeignKey(
        Send, on_delete=models.PROTECT, related_name="deliveries", db_index=False, db_constraint=False
    )
    # One person's deliveries are found send by send through the primary key; another index would cost each claim more.
    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.PROTECT, related_name="deliveries", db_index=False, db_constraint=False
    )
    batch = models.ForeignKey(
        Batch, on_delete=models.PROTECT, related_name="deliveries", db_index=False, db_constraint=False
    )
    rejected_because = models.TextField(
        null=True, help_text="Why SendGrid's limits or answer refused this one"
    )
    deferred_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True, help_text="Hard bounce: the address is dead")
    blocked_at = models.DateTimeField(null=True, help_text="Refused this time; the address is good")
    dropped_at = models.DateTimeField(null=True, help_text="SendGrid did not try")
    bounce_class = models.CharField(max_length=60, null=True)
    refusal_status = models.CharField(
        max_length=12,
        null=True,
        help_text="Enhanced status (RFC 3463) of the bounce or block, such as 5.7.26",
    )
    opened_at = models.DateTimeField(null=True, help_text="By a person")
    machine_opened_at = models.DateTimeField(null=True)
    clicked_at = models.DateTimeField(null=True)
    complained_at = models.DateTimeField(null=True)
    unsubscribed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["send"], condition=Q(rejected_because__isnull=False), name="delivery_rejected_of_send"
            ),
            # What the guard watches in a running send: few, whatever the size.
            models.Index(
                fields=["send"],
                condition=Q(complained_at__isnull=False)
                | Q(bounced_at__isnull=False)
                | Q(refusal_status__isnull=False),
                name="delivery_in_trouble_of_send",
            ),
        ]

    def __str__(self) -> str:
        return f"delivery to {self.subscriber_id} in send {self.send_id}"


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
    ALREADY = "already", "has this issue from an earlier send, or may have"
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
