"""What has to be said before an issue goes out, and to whom it goes first."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from mailer.issues.models import Issue, Newsletter


class Approval(models.Model):
    """Somebody asked whether an issue may go out to an audience, and what somebody else answered.

    It holds for what has the same fingerprint: with any change of content or audience it holds no more.
    """

    class Answer(models.TextChoices):
        APPROVED = "approved", "approved"
        DECLINED = "declined", "declined"
        WITHDRAWN = "withdrawn", "withdrawn"

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="approvals")
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of content and audience")
    audience = models.TextField(help_text="In words, as it was asked for")
    matter = models.JSONField(
        default=dict, db_default={}, help_text="Content and audience that the fingerprint is of"
    )
    asked_at = models.DateTimeField(db_default=Now())
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True, db_default="")
    answer = models.CharField(max_length=10, choices=Answer, blank=True, db_default="")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    because = models.TextField(blank=True, db_default="")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None, answered_by=None)
                | (~Q(answer="") & Q(answered_at__isnull=False, answered_by__isnull=False)),
                name="approval_answered_whole",
            ),
            models.CheckConstraint(
                condition=~Q(answer="approved") | ~Q(answered_by=models.F("asked_by")),
                name="approval_by_another_person",
            ),
            models.UniqueConstraint(fields=["issue"], condition=Q(answer=""), name="approval_asked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_answer_display() or 'asked'}: {self.issue}"


class TestList(models.Model):
    """Addresses that test mails of a newsletter go to, under a name."""

    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, related_name="test_lists")
    name = models.CharField(max_length=100)
    addresses = ArrayField(models.EmailField())

    class Meta:
        ordering = ["newsletter", "name"]
        constraints = [models.UniqueConstraint(fields=["newsletter", "name"], name="test_list_once")]

    def __str__(self) -> str:
        return self.name
