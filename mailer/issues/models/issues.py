"""One number of a newsletter, and what it looked like at each step."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from mailer.issues.models.newsletters import Newsletter


class Issue(models.Model):
    """One number of a newsletter: its stories, and what stands around them."""

    newsletter = models.ForeignKey(Newsletter, on_delete=models.PROTECT, related_name="issues")
    number = models.PositiveIntegerField()
    date = models.DateField()
    subject = models.CharField(
        max_length=300, help_text='May hold tags: {{ subscriber.first_name or "there" }}'
    )
    preheader = models.CharField(max_length=300, blank=True)
    intro = models.TextField(blank=True, help_text="Markdown")
    outro = models.TextField(blank=True, help_text="Markdown")
    call_to_action_label = models.CharField(max_length=100, blank=True)
    call_to_action_link = models.CharField(max_length=2000, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    revision = models.PositiveIntegerField(
        default=1, db_default=1, help_text="Of what editors wrote: each change counts it up by one"
    )
    edited_at = models.DateTimeField(db_default=Now())
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["newsletter", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["newsletter", "number"], name="issue_number_once_per_newsletter"),
        ]

    def __str__(self) -> str:
        return f"{self.newsletter.slug}/{self.number}"


class Version(models.Model):
    """An issue as it was at one revision: whole, so that any can be looked at and restored."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="versions", db_index=False)
    revision = models.PositiveIntegerField()
    content = models.JSONField(help_text="Fields and stories as editing writes them")
    at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    why = models.CharField(max_length=200, blank=True, db_default="", help_text="Such as: restored from 4")

    class Meta:
        ordering = ["issue", "-revision"]
        constraints = [
            models.UniqueConstraint(fields=["issue", "revision"], name="version_once_per_revision"),
        ]

    def __str__(self) -> str:
        return f"{self.issue}, revision {self.revision}"
