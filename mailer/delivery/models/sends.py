"""What is sent to whom: sends, their audiences, variants and notices."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from mailer.issues.models import Issue, Newsletter
from subscribers.models import MailingList, Segment, Snapshot


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
    rolling = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Of a welcome issue: whoever confirms is added to it, and nobody else gets it",
    )
    created_at = models.DateTimeField(db_default=Now())
    planned_at = models.DateTimeField(null=True)
    candidates = models.PositiveIntegerField(
        null=True, help_text="Counted by the plan; all else must add up to it"
    )
    fingerprint = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        help_text="Of content and audience as they were planned: see approvals",
    )
    started_at = models.DateTimeField(null=True, help_text="Nothing leaves before")
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        help_text="Empty: from the command line, or by the system",
    )
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
                condition=Q(rolling=False)
                | Q(
                    previous=None,
                    planned_at__isnull=False,
                    scheduled_at=None,
                    local_date=None,
                    test_share=None,
                ),
                name="send_rolling_is_plain",
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


class SendSegment(models.Model):
    """A segment that cuts the audience of a send: those in it get the send, or they do not.

    The rule is the segment's as it was when the send was arranged; a change of the segment changes no send.
    """

    send = models.ForeignKey(Send, on_delete=models.PROTECT, related_name="audience", db_index=False)
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, null=True, related_name="sends")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, null=True, related_name="sends")
    out = models.BooleanField(db_default=False, help_text="Those in it do not get the send")
    rule = models.JSONField()
    sentence = models.TextField(help_text="The rule, as people read it")

    class Meta:
        ordering = ["send", "out", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(segment__isnull=False, snapshot=None) | Q(segment=None, snapshot__isnull=False),
                name="send_segment_or_snapshot",
            ),
            models.UniqueConstraint(fields=["send", "segment"], name="send_segment_once"),
            models.UniqueConstraint(fields=["send", "snapshot"], name="send_snapshot_once"),
        ]

    def __str__(self) -> str:
        return f"{'not ' if self.out else ''}{self.segment or self.snapshot} of send {self.send_id}"


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
    """Something the newsletter's owner is told by mail, once: about a send, or about the newsletter as a whole."""

    send = models.ForeignKey(Send, on_delete=models.PROTECT, null=True, related_name="notices")
    newsletter = models.ForeignKey(
        Newsletter,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Where it is about no send",
    )
    kind = models.CharField(
        max_length=24, help_text="What it is about: guard, held, authentication, winner …"
    )
    text = models.TextField()
    subject = models.CharField(
        max_length=200, blank=True, db_default="", help_text="Of its mail; empty: made from what it is about"
    )
    html = models.TextField(
        blank=True, db_default="", help_text="Its mail as HTML, beside the text; empty: text only"
    )
    page = models.CharField(
        max_length=200,
        blank=True,
        db_default="",
        help_text="Path on this site that says more; empty: the page of the send",
    )
    to = models.EmailField(
        blank=True, db_default="", help_text="Whom its mail goes to; empty: the newsletter's owner"
    )
    created_at = models.DateTimeField(db_default=Now())
    mailed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(db_default=0)

    class Meta:
        indexes = [models.Index(fields=["created_at"], condition=Q(mailed_at=None), name="notice_to_mail")]
        constraints = [
            models.CheckConstraint(
                condition=Q(send__isnull=False, newsletter=None) | Q(send=None, newsletter__isnull=False),
                name="notice_of_a_send_or_a_newsletter",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of send {self.send_id}" if self.send_id else f"{self.kind} of {self.newsletter}"

    @property
    def whose(self) -> Newsletter:
        """The newsletter whose owner is told. Raises TypeError where the row names none, which the database refuses."""
        newsletter = self.send.issue.newsletter if self.send else self.newsletter
        if newsletter is None:
            raise TypeError(f"notice {self.pk} is about nothing")
        return newsletter
